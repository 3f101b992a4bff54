#!/usr/bin/env bash
# Whether ./guildhall serve NAME has found its server well within the last half minute, in this life of the container.
# No Python here: an engine asks every few seconds, and on two cores a start of Python each time would be felt.
sign=$(dirname "${BASH_SOURCE[0]}")/../../.guildhall/run/$1.well
stat=$(</proc/1/stat)
read -ra fields <<<"${stat##*) }"
[ "$(cat "$sign" 2>/dev/null)" = "${fields[19]}" ] && [ -n "$(find "$sign" -newermt '-30 seconds')" ]
