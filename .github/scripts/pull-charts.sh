#!/usr/bin/env bash
# Pulls both charts in the pinned versions into a folder for LOGGING_CHARTS. Without it the charts tier of `npm test` would say that
# it was skipped.
set -euo pipefail
folder=$1
# npm's own Node: an agent's may be too old for TypeScript.
node_modules/.bin/node --input-type=module -e "
  import { ALLOY_CHART } from './components/alloy/chart.ts';
  import { LOKI_CHART } from './components/loki/chart.ts';
  for (const { name, repository, version } of [LOKI_CHART, ALLOY_CHART]) console.log(name, repository, version);
" | while read -r name repository version; do
  helm pull "$name" --repo "$repository" --version "$version" --untar --untardir "$folder"
done
