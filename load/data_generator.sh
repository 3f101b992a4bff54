#!/usr/bin/env bash
# Plays the game with Apache Bench (ab) against a running API. Guests register, and named players buy swords, claim
# their gold and join guilds. ab sends the same body in every request of a run. So each player needs a separate run for
# each kind of action.
# load/scenarios/smoke_results.py sums up the reports. load/scenarios/ab_runner.py plays the larger scenarios.
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
# Half of the requests register guests. The other half are actions by the named players, in equal shares.
guests=$((requests / 2 / realms))
swords=(wooden_sword iron_sword steel_sword dragon_sword)
each=$(((requests - guests * realms) / players))
[ "$guests" -ge 1 ] && [ "$each" -ge 4 ] || fail "--requests $requests are too few for $players players in $realms realms: choose more"

# Usage: run NAME REQUESTS CONCURRENCY BODY PATH [TOKEN]
# Run ab once. Save its report to NAME.txt, the percentiles to NAME.csv and the time of each request to NAME.tsv.
run() {
  local name=$1 count=$2 level=$3 body=$4 path=$5 header=()
  # All requests come from one address, and faster than people play. So without an operator key, the API responds 429
  # to most of them.
  [ -z "$operator_key" ] || header=(-H "Guildhall-Operator: $operator_key")
  [ $# -lt 6 ] || header+=(-H "Authorization: Bearer $6")
  [ "$level" -le "$count" ] || level=$count  # ab refuses a concurrency above the number of requests
  printf '%s' "$body" >"$out/$name.json"
  "$ab" -q -k -l -r -s 60 -n "$count" -c "$level" -p "$out/$name.json" -T application/json "${header[@]}" \
    -e "$out/$name.csv" -g "$out/$name.tsv" "$url$path" >"$out/$name.txt" 2>&1 || fail "ab failed: see $out/$name.txt"
}

echo "Registering $((guests * realms)) guests in $realms realms ..."
for ((realm = 0; realm < realms; realm++)); do
  run "register-realm$realm" "$guests" "$concurrency" "{\"realm\": $realm}" /players
done

echo "Registering $players named players ..."
# A Python program registers these players, because ab cannot save the tokens that the API returns.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
GUILDHALL_OPERATOR_KEY=$operator_key PYTHONPATH=$here/.. "${GUILDHALL_VENV_PYTHON:-python3}" -m load.scenarios.register_players --url "$url" --players "$players" --realms "$realms" --out "$out"

echo "Playing $each requests with each of them ..."
# Four players act at the same time. Each of them gets a quarter of the concurrency.
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
