#!/usr/bin/env bash
# without-skips.sh ALLOWED COMMAND...   runs a test command, and fails if it skipped tests or used a stand-in for a missing program
#
# Skips whose reason matches the regular expression ALLOWED are accepted; '' accepts none.
set -euo pipefail
allowed=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$@" 2>&1 | tee "$log"
skipped=$(grep -E '^(skipped [0-9]+|NO [A-Z]+): ' "$log" | grep -vE "${allowed:-^$}" || true)
[ -z "$skipped" ] || { printf 'This run may not skip tests:\n%s\n' "$skipped" >&2 && exit 1; }
