#!/usr/bin/env bash
# pull-charts.sh FOLDER   pulls both charts into FOLDER, for LOGGING_CHARTS
#
# FOLDER/loki and FOLDER/alloy have the pinned versions. FOLDER/loki-VERSION and FOLDER/alloy-VERSION have the versions that the scenario
# `upgrade` of the cluster tier starts from.
set -euo pipefail
folder=$1
# npm's own Node: the machine's may be too old for TypeScript.
node_modules/.bin/node --input-type=module -e "
  import { PREVIOUS_CHARTS } from './tests/harness/pulumi/previousCharts.ts';
  for (const { pinned: { name, repository, version }, previous } of PREVIOUS_CHARTS)
    console.log([[name, repository, version, name], [name, repository, previous, name + '-' + previous]].map((l) => l.join(' ')).join('\n'));
" | while read -r name repository version target; do
  helm pull "$name" --repo "$repository" --version "$version" --untar --untardir "$folder/pulled"
  mv "$folder/pulled/$name" "$folder/$target"
done
