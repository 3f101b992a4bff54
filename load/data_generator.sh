#!/usr/bin/env bash
# Plays the game with Apache Bench (ab) against a running API: guests register, and named players buy swords, claim
# their gold and join guilds. ab sends one fixed body a run, so each action of a player is a run of its own.
# load/scenarios/smoke_results.py sums up the reports; load/scenarios/ab_runner.py plays the larger scenarios.
set -euo pipefail

operator_key=${GUILDHALL_OPERATOR_KEY:-}
url=http://127.0.0.1:7400 requests=6000 concurrency=16 players=24 realms=4 out=figures
usage="usage: data_generator.sh [--url URL] [--requests N] [--concurrency N] [--players N] [--realms N] [--out FOLDER] [--operator-key KEY]"
fail() {
  echo "data_generator.sh: $1" >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
    --url) url=${2:?$usage} ;;
    --requests) requests=${2:?$usage} ;;
    --concurrency) concurrency=${2:?$usage} ;;
    --players) players=${2:?$usage} ;;
    --realms) realms=${2:?$usage} ;;
    --out) out=${2:?$usage} ;;
    --operator-key) operator_key=${2:?$usage} ;;
    -h | --help) echo "$usage"; exit ;;
    *) fail "unknown option $1; $usage" ;;
  esac
  shift 2 || fail "$usage"
done
for count in "$requests" "$concurrency" "$players" "$realms"; do
  [[ $count =~ ^[1-9][0-9]*$ ]] || fail "$count is not a whole number above 0"
done
[[ $url =~ ^http://(127(\.[0-9]+){3}|localhost|\[::1\])(:[0-9]+)?(/|$) ]] || fail "$url is not on this machine: load goes to loopback only"
ab=$(command -v ab || echo /usr/bin/ab)
[ -x "$ab" ] || fail "Apache Bench (ab) is missing: type sudo apt-get install -y apache2-utils"

mkdir -p "$out"
# Half of the requests register guests; the other half is spread over the named players and their actions.
guests=$((requests / 2 / realms))
swords=(wooden_sword iron_sword steel_sword dragon_sword)
each=$(((requests - guests * realms) / players))
[ "$guests" -ge 1 ] && [ "$each" -ge 4 ] || fail "--requests $requests are too few for $players players in $realms realms: choose more"

# run NAME REQUESTS CONCURRENCY BODY PATH [TOKEN]: run ab once, and keep its report (txt), percentiles (csv), times (tsv).
run() {
  local name=$1 count=$2 level=$3 body=$4 path=$5 header=()
  # The load comes from one address and faster than people play: without an operator's key, most responses are 429.
  [ -z "$operator_key" ] || header=(-H "Guildhall-Operator: $operator_key")
  [ $# -lt 6 ] || header+=(-H "Authorization: Bearer $6")
  [ "$level" -le "$count" ] || level=$count  # ab refuses a higher concurrency
  printf '%s' "$body" >"$out/$name.json"
  "$ab" -q -k -l -r -s 60 -n "$count" -c "$level" -p "$out/$name.json" -T application/json "${header[@]}" \
    -e "$out/$name.csv" -g "$out/$name.tsv" "$url$path" >"$out/$name.txt" 2>&1 || fail "ab failed: see $out/$name.txt"
}

echo "Registering $((guests * realms)) guests in $realms realms ..."
for ((realm = 0; realm < realms; realm++)); do
  run "register-realm$realm" "$guests" "$concurrency" "{\"realm\": $realm}" /players
done

echo "Registering $players named players ..."
# Python registers them, because ab cannot keep the tokens of the responses.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
GUILDHALL_OPERATOR_KEY=$operator_key PYTHONPATH=$here/.. "${GUILDHALL_VENV_PYTHON:-python3}" -m load.scenarios.register_players --url "$url" --players "$players" --realms "$realms" --out "$out"

echo "Playing $each requests with each of them ..."
# Four players act at the same time, each with its share of the concurrency.
share=$(((concurrency + 3) / 4))
player=0
while IFS=$'\t' read -r name token; do
  {
    run "claim-$name" 2 2 '' /claim_gold "$token"
    run "join-$name" 2 1 "{\"guild\": \"guild_$((player / realms / 6))\"}" /join_guild "$token"
    run "buy-$name" $((each - 4)) "$share" "{\"sword\": \"${swords[$((player / realms % 4))]}\"}" /buy_sword "$token"
  } &
  player=$((player + 1))
  ((player % 4)) || wait
done <"$out/tokens.tsv"
wait
rm "$out/tokens.tsv"
