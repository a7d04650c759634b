#!/usr/bin/env bash
# list-stacks.sh [CANARY]   prints the stacks as outputs of a step: stacks (all), canary (CANARY, or the first by name), rest (all others)
set -euo pipefail
stacks=$(printf '%s\n' Pulumi.*.yaml | sed 's/^Pulumi\.//; s/\.yaml$//' | sort)
canary=${1:-$(head -n 1 <<<"$stacks")}
grep -qxF "$canary" <<<"$stacks" || { echo "there is no stack $canary" >&2 && exit 1; }
as_json() { jq -Rnc '[inputs]'; }
echo "stacks=$(as_json <<<"$stacks")"
echo "canary=$canary"
echo "rest=$(grep -vxF "$canary" <<<"$stacks" | as_json)"
