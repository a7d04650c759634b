import type { Manifest, ReleaseInputs } from "../../../automation/plan/helmTemplate.ts";
import { alloyObjects } from "./alloyObjects.ts";
import { type ChartRelease, chartRelease } from "./chartValues.ts";
import { lokiObjects } from "./lokiObjects.ts";
import { recording, unknownValues } from "./unknownValues.ts";

/** How each release's values become objects where its chart cannot be had. */
const OBJECTS_OF: Readonly<Record<string, (release: ChartRelease) => Manifest[]>> = {
  loki: lokiObjects,
  alloy: alloyObjects,
};

/**
 * What runs as processes of a release, without its chart and without helm: the same values, and the chart's own from
 * tests/fixtures/charts. tests/charts/withoutCharts.test.ts holds it against what the charts render.
 *
 * @throws where the values set something that the charts would heed and this does not: it would be without effect, and nobody knew.
 */
export function objectsOfValues(inputs: ReleaseInputs): Manifest[] {
  const objects = OBJECTS_OF[inputs.name];
  if (!objects) throw new Error(`without charts there is no release ${inputs.name}`);
  const release = chartRelease(inputs);
  const read = new Set<string>();
  // Some parts of the values are parts of the objects as they are: this reads them too.
  const made = JSON.parse(JSON.stringify(objects({ ...release, values: recording(release.values, read) })));
  const unknown = unknownValues(inputs.values, read);
  if (unknown.length > 0) throw new Error(`without charts nothing heeds ${inputs.name}.values.${unknown.join(", ")}`);
  return made;
}
