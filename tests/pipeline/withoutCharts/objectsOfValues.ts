import type { Manifest, ReleaseInputs } from "../../../automation/helmTemplate.ts";
import { alloyObjects } from "./alloyObjects.ts";
import { type ChartRelease, chartRelease } from "./chartValues.ts";
import { lokiObjects } from "./lokiObjects.ts";

/** How each release's values become objects where its chart cannot be had. */
export const OBJECTS_OF: Readonly<Record<string, (release: ChartRelease) => Manifest[]>> = {
  loki: lokiObjects,
  alloy: alloyObjects,
};

/**
 * What runs as processes of a release, without its chart and without helm: the same values, and the chart's own from
 * tests/fixtures/charts. tests/charts/withoutCharts.test.ts holds it against what the charts render.
 *
 * @throws where the values want something that the charts can do and this cannot.
 */
export function objectsOfValues(inputs: ReleaseInputs): Manifest[] {
  const objects = OBJECTS_OF[inputs.name];
  if (!objects) throw new Error(`without charts there is no release ${inputs.name}`);
  return objects(chartRelease(inputs));
}
