// The keys that the product knows of the charts' values and of Loki's own config. `npm test -- --update` with the charts and Loki writes
// them.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Loose } from "../harness/manifest.ts";
import { type ChartSource, isMap, isOpen } from "./generateChartFacts.ts";

type Keys = Map<string, Set<string>>;

const isFilled = (value: unknown): value is Record<string, unknown> => isMap(value) && Object.keys(value).length > 0;

/** One line for each map whose keys are known: `gateway.basicAuth: enabled existingSecret …`. The top has no name. */
const lines = (keys: Keys): string =>
  [...keys]
    .map(([path, names]) => `${path}: ${[...names].sort().join(" ")}\n`)
    .sort()
    .join("");

/** @param name folder of the chart in `LOGGING_CHARTS`. */
export function chartKeys(name: string, chart: ChartSource): string {
  const keys: Keys = new Map();
  walk(chart, "", keys);
  const templates = globSync(join(process.env.LOGGING_CHARTS ?? "", name, "templates/**/*.{yaml,tpl}")).map((file) =>
    readFileSync(file, "utf8"),
  );
  for (const text of templates) addRead(text, keys);
  return lines(keys);
}

/** Maps with keys of the user or of Kubernetes, whatever the chart has in them by default. */
const FREE =
  /^(\w*[lL]abels|\w*[aA]nnotations|\w*[sS]ecurityContext|\w+Probe|\w+Strategy|behavior|lifecycle|dnsConfig|dataVolumeParameters|httpHeaders)$/;

/** Other charts inside of the charts. */
const SUBCHARTS = /^(minio|rollout_operator|crds)$/;

function walk({ values, schema }: ChartSource, path: string, keys: Keys): void {
  const described = schema?.properties ?? {};
  const known = isMap(values) ? values : {};
  const names = new Set([...Object.keys(known), ...Object.keys(described)]);
  if (names.size === 0) return;
  keys.set(path, names);
  for (const key of names) {
    const at = path ? `${path}.${key}` : key;
    const below = { values: known[key], schema: described[key] };
    if (FREE.test(key) || SUBCHARTS.test(at) || isOpen(at, Object.hasOwn(known, key), below)) continue;
    walk(below, at, keys);
  }
}

/** Parts of the Loki chart whose templates call them `$component`. */
const COMPONENTS = /^(write|read|backend|singleBinary)$/;

/** Keys that templates read without a default in values.yaml. */
function addRead(text: string, keys: Keys): void {
  for (const [, path = ""] of text.matchAll(/\.Values\.([\w.]+)/g)) {
    const steps = path.split(".");
    // The keys at the top are those of values.yaml. What else templates read there are old names.
    for (const [i, key] of steps.entries()) if (i > 0) keys.get(steps.slice(0, i).join("."))?.add(key);
  }
  for (const [, key = ""] of text.matchAll(/\$component\.(\w+)/g))
    for (const [path, names] of keys) if (COMPONENTS.test(path)) names.add(key);
}

/** Sections of which only the name is known: experimental ones, and those with parts that Loki does not print. */
const NOT_LISTED =
  /^(ruler|ruler_storage|schema_config|dataobj|ingest_limits\w*|ui|query_engine|bloom_\w+|kafka_config|tracing|internal_server)$/;

/** Keys that Loki knows and does not print while they are not set. https://grafana.com/docs/loki/latest/configure/ */
const NOT_PRINTED: Readonly<Record<string, readonly string[]>> = {
  limits_config: [
    ...["retention_stream", "blocked_queries", "required_labels", "minimum_labels_number", "shard_aggregations"],
    ...["ruler_remote_write_config", "ruler_remote_write_relabel_configs"],
  ],
  querier: ["extra_query_delay"],
};

/** Sections that Loki prints although its config file cannot have them. */
const NOT_SETTINGS = ["verifyconfig", "printconfig", "listtargets", "logconfig", "configfile", "configexpandenv"];

/** @param printed what `loki -print-config-stderr` prints. */
export function lokiConfigKeys(printed: string): string {
  const keys: Keys = new Map();
  const add = (values: Loose, path: string, depth: number): void => {
    keys.set(path, new Set([...Object.keys(values).filter((key) => /^[a-z]/.test(key)), ...(NOT_PRINTED[path] ?? [])]));
    if (depth === 3) return;
    for (const [key, value] of Object.entries(values))
      if (isFilled(value) && !NOT_LISTED.test(key) && key !== "otlp_config")
        add(value, path ? `${path}.${key}` : key, depth + 1);
  };
  add(parse(printed), "", 0);
  for (const name of [...NOT_SETTINGS, "profiling"]) keys.get("")?.delete(name);
  keys.get("")?.add("profiling");
  return lines(keys);
}
