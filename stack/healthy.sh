#!/usr/bin/env bash
# Whether ./guildhall serve NAME has found its server well within the last half minute.
# No Python here: an engine asks every few seconds, and on two cores a start of Python each time would be felt.
[ -n "$(find "$(dirname "${BASH_SOURCE[0]}")/../.guildhall/run/$1.well" -newermt '-30 seconds' 2>/dev/null)" ]
