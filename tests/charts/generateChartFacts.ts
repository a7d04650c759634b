// The facts of a chart that the tests use without the chart, taken from a chart folder. `npm test -- --update` with helm and charts
// writes them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { ReleaseInputs } from "../../automation/plan/helmTemplate.ts";
import type { ChartFacts, Kind } from "../harness/chartFacts.ts";
import type { Loose } from "../harness/manifest.ts";
import { chartRelease } from "../harness/withoutCharts/chartValues.ts";
import { objectsAndReads } from "../harness/withoutCharts/objectsOfValues.ts";

/** A chart's values, and the schema of its values. */
export interface ChartSource {
  readonly values: Loose;
  readonly schema: Loose;
}

/** @param name folder of the chart in `LOGGING_CHARTS`. */
export function readChart(name: string): ChartSource {
  const file = (path: string): string => join(process.env.LOGGING_CHARTS ?? "", name, path);
  const schema = file("values.schema.json");
  return {
    values: parse(readFileSync(file("values.yaml"), "utf8")),
    schema: existsSync(schema) ? JSON.parse(readFileSync(schema, "utf8")) : {},
  };
}

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isFilledMap = (value: unknown): value is Record<string, unknown> => isMap(value) && Object.keys(value).length > 0;

/**
 * @param set values that the stack or a test sets: keys beside theirs are in the list.
 * @param releases releases whose objects `withoutCharts/` makes: it reads the defaults.
 * @param paths paths of further defaults.
 */
export function generateChartFacts(
  chart: ChartSource,
  { set, releases, paths }: { set: readonly Loose[]; releases: readonly ReleaseInputs[]; paths: readonly string[] },
): ChartFacts {
  const read = new Set(paths);
  for (const release of releases)
    for (const path of objectsAndReads(release.name, chartRelease(release, chart.values)).read) read.add(path);
  return { keys: keysBeside(set, chart), defaults: picked(chart.values, read) ?? {} };
}

/** Below these, the chart passes on what Kubernetes defines. */
const KUBERNETES = /(^|\.)(resources|nodeSelector|affinity|securityContext|deploymentStrategy|updateStrategy)$/;

/** The keys of every map that `set` goes into, with their kinds. */
function keysBeside(set: readonly Loose[], { values, schema }: ChartSource, path = ""): Record<string, Kind> {
  const described = schema?.properties ?? {};
  const known = isMap(values) ? values : {};
  const kinds: Record<string, Kind> = {};
  for (const key of new Set([...Object.keys(known), ...Object.keys(described)])) {
    const at = path ? `${path}.${key}` : key;
    const below = { values: known[key], schema: described[key] };
    const kind = isOpen(at, Object.hasOwn(known, key), below) ? "open" : kindOf(Object.hasOwn(known, key), below);
    kinds[at] = kind;
    const inside = set.map((map) => map[key]).filter(isFilledMap);
    if (kind === "map" && inside.length > 0) Object.assign(kinds, keysBeside(inside, below, at));
  }
  return kinds;
}

/** Whether a key may hold any keys: what Kubernetes or Loki defines, and not the chart. */
export const isOpen = (path: string, hasDefault: boolean, source: ChartSource): boolean =>
  KUBERNETES.test(path) || kindOf(hasDefault, source) === "open";

const KIND_OF_TYPE: Readonly<Record<string, Kind>> = {
  array: "list",
  string: "text",
  number: "number",
  integer: "number",
  boolean: "flag",
};

function kindOf(hasDefault: boolean, { values, schema }: ChartSource): Kind {
  // Loki's own sections have defaults, but the schema allows any key in them.
  if (schema?.additionalProperties === true && !schema.properties) return "open";
  if (!hasDefault) return KIND_OF_TYPE[schema?.type] ?? "map";
  if (isFilledMap(values)) return "map";
  if (Array.isArray(values)) return "list";
  if (typeof values === "string") return "text";
  if (typeof values === "number") return "number";
  return typeof values === "boolean" ? "flag" : "open";
}

/** The part of the values at these paths. */
function picked(values: Loose, paths: ReadonlySet<string>, path = ""): Loose {
  if (!isFilledMap(values)) return paths.has(path) ? values : undefined;
  const entries = Object.entries(values).map(([key, value]) => [
    key,
    picked(value, paths, path ? `${path}.${key}` : key),
  ]);
  const found = entries.filter(([, value]) => value !== undefined);
  return found.length > 0 || paths.has(path) ? Object.fromEntries(found) : undefined;
}
