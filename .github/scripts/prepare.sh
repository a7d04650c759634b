#!/usr/bin/env bash
# prepare.sh NAME...   installs programs of .github/programs.txt and pulls the charts; later steps of the job find both
set -euo pipefail
scripts=$(dirname "$0")
tools=${RUNNER_TEMP:-${AGENT_TEMPDIRECTORY:?}}
"$scripts/install-programs.sh" "$tools/bin" "$@"
PATH=$tools/bin:$PATH "$scripts/pull-charts.sh" "$tools/charts"
if [ -n "${GITHUB_ACTIONS:-}" ]; then
  echo "$tools/bin" >>"$GITHUB_PATH"
  echo "LOGGING_CHARTS=$tools/charts" >>"$GITHUB_ENV"
else
  echo "##vso[task.prependpath]$tools/bin"
  echo "##vso[task.setvariable variable=LOGGING_CHARTS]$tools/charts"
fi
