#!/usr/bin/env bash
# Succeeds if ./guildhall serve NAME found its server healthy in the last 30 seconds and after the last start of the
# container. This is a shell script, because the container engine runs it every few seconds, and starting Python would
# take half a second of CPU time.
health_file=$(dirname "${BASH_SOURCE[0]}")/../../.guildhall/run/$1.healthy
stat=$(</proc/1/stat)
read -ra fields <<<"${stat##*) }"
[ "$(cat "$health_file" 2>/dev/null)" = "${fields[19]}" ] && [ -n "$(find "$health_file" -newermt '-30 seconds')" ]
