#!/usr/bin/env bash
# Succeeds if ./guildhall serve NAME found its server healthy in the last 30 seconds, since the container's last start.
# This is not Python: an engine calls it every few seconds, and starting Python takes half a second of CPU time.
health_file=$(dirname "${BASH_SOURCE[0]}")/../../.guildhall/run/$1.healthy
stat=$(</proc/1/stat)
read -ra fields <<<"${stat##*) }"
[ "$(cat "$health_file" 2>/dev/null)" = "${fields[19]}" ] && [ -n "$(find "$health_file" -newermt '-30 seconds')" ]
