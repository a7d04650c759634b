// Values whose keys are compared with the keys of the charts.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Loose } from "../harness/manifest.ts";
import { stackFile } from "../harness/plannedStack.ts";

export type Chart = "loki" | "alloy";

/** A config that uses every argument that reaches the values. */
export const EVERYTHING = stackFile((config) => {
  config.images = { registry: "mirror.internal.company", pullSecrets: ["mirror"] };
  config.alloy.exclude = ["kube-system"];
});

/** A config that leaves out what can be left out. */
export const LEFT_OUT = stackFile((config) => {
  delete config.objectStorage.caFile;
  config.loki.caches = { chunksMiB: 0, resultsMiB: 0 };
  config.nodePool = { mode: "none" };
});

/** The values of the seed, as the benchmark has them. */
export const valuesOfSeed = (chart: Chart): Loose =>
  parse(readFileSync(new URL(`../../bench/seed/${chart}.values.yaml`, import.meta.url), "utf8"));

/** Values, and which of their paths the chart does not have. */
export const WRONG_KEYS: ReadonlyArray<readonly [what: string, chart: Chart, values: Loose, unknown: string[]]> = [
  [
    "keys of the seed's first text that the chart never read",
    "loki",
    { lokiConfig: { common: { replication_factor: 3 } }, resources: { requests: { cpu: "1" } }, envFrom: [{}] },
    ["lokiConfig", "resources", "envFrom"],
  ],
  [
    "a key in the wrong place",
    "loki",
    { loki: { envFrom: [] }, write: { envFrom: [] } },
    ["loki.envFrom", "write.envFrom"],
  ],
  [
    "a misspelled key at any depth",
    "loki",
    { gateway: { basicAuth: { exisitingSecret: "x" } }, write: { persistence: { storageclass: "x" } } },
    ["gateway.basicAuth.exisitingSecret", "write.persistence.storageclass"],
  ],
  [
    "the same in Alloy's chart",
    "alloy",
    { alloy: { mounts: { varLog: true } }, controller: { tolerations: [], priorityClass: "x" }, configReload: {} },
    ["alloy.mounts.varLog", "controller.priorityClass", "configReload"],
  ],
  ["nothing in a right key", "loki", { defaults: { extraEnvFrom: [{ secretRef: {} }] } }, []],
  ["nothing in Loki's own sections", "loki", { loki: { limits_config: { retention_period: "336h" } } }, []],
];

/** Defaults of the charts that would be wrong for us, and what they would do. */
export const CHANGED_DEFAULTS: ReadonlyArray<readonly [effect: string, chart: Chart, path: string, value: unknown]> = [
  ["Loki would run as one process", "loki", "deploymentMode", "Monolithic"],
  ["Loki would ask for a tenant", "loki", "loki.auth_enabled", true],
  ["the canary would push without a password", "loki", "lokiCanary.push", true],
  ["there would be a test pod", "loki", "test.enabled", true],
  ["the rules sidecar would read every Secret", "loki", "sidecar.rules.enabled", true],
  ["the ruler would want a bucket", "loki", "ruler.enabled", true],
  [
    "the backend's disks would be deleted with its pods",
    "loki",
    "backend.persistence.enableStatefulSetAutoDeletePVC",
    true,
  ],
  ["the cache would ask for 9.8 GiB", "loki", "chunksCache.allocatedMemory", 8192],
  ["Alloy would make its CRD", "alloy", "crds.create", true],
  ["Alloy's reloader would hide a broken pipeline", "alloy", "configReloader.enabled", true],
  ["Alloy would find no log files", "alloy", "alloy.mounts.varlog", false],
  ["Alloy would run its other engine", "alloy", "alloy.command", []],
];
