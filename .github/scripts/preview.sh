#!/usr/bin/env bash
# preview.sh STACK REPORT [OPTION...]   writes the stack's change report into the file REPORT; fails on a destructive change
set -euo pipefail
stack=$1 report=$2
shift 2
# If the preview fails, this replaces the comment of an older commit, which would look like one of this commit.
printf '### %s: no preview\n\nThe preview failed. See %s.\n' "$stack" "${RUN:-the run}" >"$report"
"$(dirname "$0")/with-minio-keys.sh" npm run preview -- "$stack" --markdown "$report" --fail-on destructive "$@"
