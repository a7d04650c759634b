import type { ReleaseInputs } from "../../../automation/plan/helmTemplate.ts";
import type { Manifest } from "../../../components/helm/manifest.ts";
import { alloyObjects } from "./alloyObjects.ts";
import { type ChartRelease, chartRelease } from "./chartValues.ts";
import { lokiObjects } from "./lokiObjects.ts";
import { recording, unknownValues } from "./unknownValues.ts";

/** The function that makes each release's objects. */
const OBJECTS_OF: Readonly<Record<string, (release: ChartRelease) => Manifest[]>> = {
  loki: lokiObjects,
  alloy: alloyObjects,
};

/**
 * The objects of a release that run as processes, made without its chart and without helm from the same values.
 * tests/charts/withoutCharts.test.ts compares them with what the charts render.
 *
 * @throws when the values set something that the chart would use and this code does not: it would have no effect, unnoticed.
 */
export function objectsOfValues(inputs: ReleaseInputs): Manifest[] {
  const { objects, read } = objectsAndReads(inputs.name, chartRelease(inputs));
  const unknown = unknownValues(inputs.values, read);
  if (unknown.length > 0) throw new Error(`without charts nothing uses ${inputs.name}.values.${unknown.join(", ")}`);
  return objects;
}

/** The objects of a release, and the paths of all values that they were made from. */
export function objectsAndReads(name: string, release: ChartRelease): { objects: Manifest[]; read: Set<string> } {
  const objectsOf = OBJECTS_OF[name];
  if (!objectsOf) throw new Error(`without charts there is no release ${name}`);
  const read = new Set<string>();
  const objects = objectsOf({ ...release, values: recording(release.values, read) });
  // Some parts of the values go into the objects unchanged; stringify reads those as well.
  return { objects: JSON.parse(JSON.stringify(objects)), read };
}
