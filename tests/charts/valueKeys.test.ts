// Every key that we set is one that the chart reads. The charts refuse no key: what they do not know is silently without effect.
// Works without Helm: values.yaml (and Loki's schema) of the pinned versions stand in tests/fixtures/charts.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { LOKI_CHART, LOKI_CHART_KEYS } from "../../components/loki/chart.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, planOf, stackFile, valuesOf } from "../harness/plannedStack.ts";

interface Chart {
  readonly values: Loose;
  readonly schema: Loose;
}

const read = (chart: { name: string; version: string }): Chart => {
  const file = (name: string) => new URL(`../fixtures/charts/${chart.name}-${chart.version}/${name}`, import.meta.url);
  assert.ok(existsSync(file("values.yaml")), `tests/fixtures/charts has no ${chart.name}-${chart.version}`);
  return {
    values: parse(readFileSync(file("values.yaml"), "utf8")),
    schema: existsSync(file("values.schema.json")) ? JSON.parse(readFileSync(file("values.schema.json"), "utf8")) : {},
  };
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Below these, the chart passes on what Kubernetes itself defines. */
const KUBERNETES = /(^|\.)(resources|nodeSelector|affinity|securityContext|deploymentStrategy|updateStrategy)$/;

/** Paths that are set and that neither the chart's values nor its schema have, down to the first map that is open. */
function unknownKeys(set: Loose, { values, schema }: Chart, path = ""): string[] {
  const known = isMap(values) ? values : {};
  const described = schema?.properties ?? {};
  return Object.entries(set).flatMap(([key, value]) => {
    const at = path ? `${path}.${key}` : key;
    if (!Object.hasOwn(known, key) && !Object.hasOwn(described, key)) return [at];
    if (!isMap(value) || KUBERNETES.test(at)) return [];
    const [nextValues, nextSchema] = [known[key], described[key]];
    // `{}`, `[]` and null in values.yaml take anything, and so do Loki's own sections, of which the schema says so.
    const open =
      (Object.hasOwn(known, key) && !(isMap(nextValues) && Object.keys(nextValues).length > 0)) ||
      (nextSchema?.additionalProperties === true && !nextSchema.properties);
    return open ? [] : unknownKeys(value, { values: nextValues, schema: nextSchema }, at);
  });
}

const LOKI = read(LOKI_CHART);
const ALLOY = read(ALLOY_CHART);

/** Everything that the arguments can make us set. */
const everything = stackFile((c) => {
  c.images = { registry: "mirror.internal.company", pullSecrets: ["mirror"] };
  c.alloy.exclude = ["kube-system"];
}, {});

describe("the charts know every key that is set", () => {
  it("Loki", async () => {
    assert.deepEqual(unknownKeys(valuesOf(await plan(everything), "loki"), LOKI), []);
  });

  it("Alloy", async () => {
    assert.deepEqual(unknownKeys(valuesOf(await plan(everything), "alloy"), ALLOY), []);
  });

  it("also with caches left out and without a CA", async () => {
    const other = await plan(
      stackFile((c) => {
        delete c.objectStorage.caFile;
        c.loki.caches = { chunksMiB: 0, resultsMiB: 0 };
        c.nodePool = { mode: "none" };
      }),
    );
    assert.deepEqual(unknownKeys(valuesOf(other, "loki"), LOKI), []);
  });
});

it("the keys that loki.values may have are those of the pinned chart", () => {
  assert.deepEqual(LOKI_CHART_KEYS.toSorted(), Object.keys(LOKI.values).sort(), "bring LOKI_CHART_KEYS to the chart's");
});

describe("the charts know every key of the seed's values, as the benchmark has them", () => {
  const seed = (release: string): Loose =>
    parse(readFileSync(new URL(`../../bench/seed/${release}.values.yaml`, import.meta.url), "utf8"));

  it("Loki", () => assert.deepEqual(unknownKeys(seed("loki"), LOKI), []));

  it("Alloy", () => assert.deepEqual(unknownKeys(seed("alloy"), ALLOY), []));
});

describe("this check finds", () => {
  const CASES: Array<[string, Chart, Loose, string[]]> = [
    [
      "the keys of the first text that the chart never read",
      LOKI,
      { lokiConfig: { common: { replication_factor: 3 } }, resources: { requests: { cpu: "1" } }, envFrom: [{}] },
      ["lokiConfig", "resources", "envFrom"],
    ],
    [
      "a key in the wrong place",
      LOKI,
      { loki: { envFrom: [] }, write: { envFrom: [] } },
      ["loki.envFrom", "write.envFrom"],
    ],
    [
      "a misspelled key at any depth",
      LOKI,
      { gateway: { basicAuth: { exisitingSecret: "x" } }, write: { persistence: { storageclass: "x" } } },
      ["gateway.basicAuth.exisitingSecret", "write.persistence.storageclass"],
    ],
    [
      "the same in Alloy's chart",
      ALLOY,
      { alloy: { mounts: { varLog: true } }, controller: { tolerations: [], priorityClass: "x" }, configReload: {} },
      ["alloy.mounts.varLog", "controller.priorityClass", "configReload"],
    ],
    ["nothing in the key that is right", LOKI, { defaults: { extraEnvFrom: [{ secretRef: {} }] } }, []],
    ["nothing in Loki's own sections", LOKI, { loki: { limits_config: { retention_period: "336h" } } }, []],
  ];
  for (const [what, chart, values, unknown] of CASES) {
    it(what, () => assert.deepEqual(unknownKeys(values, chart), unknown));
  }
});

describe("what we rely on in the charts' defaults is still so", () => {
  const at = (chart: Chart, path: string) => path.split(".").reduce<Loose>((v, key) => v?.[key], chart.values);
  const DEFAULTS: Array<[string, Chart, string, unknown]> = [
    ["Loki would run as one process", LOKI, "deploymentMode", "Monolithic"],
    ["Loki would ask for a tenant", LOKI, "loki.auth_enabled", true],
    ["the canary would push without a password", LOKI, "lokiCanary.enabled", true],
    ["the test pod would be there", LOKI, "test.enabled", true],
    ["the rules sidecar would read every Secret", LOKI, "sidecar.rules.enabled", true],
    ["the ruler would want a bucket", LOKI, "ruler.enabled", true],
    ["the backend's disks would go with its pods", LOKI, "backend.persistence.enableStatefulSetAutoDeletePVC", true],
    ["the cache would ask for 9.8 GiB", LOKI, "chunksCache.allocatedMemory", 8192],
    ["Alloy would make its CRD", ALLOY, "crds.create", true],
    ["Alloy's reloader would hide a broken pipeline", ALLOY, "configReloader.enabled", true],
    ["Alloy would find no log files", ALLOY, "alloy.mounts.varlog", false],
    ["Alloy would forget its positions", ALLOY, "alloy.storagePath", "/tmp/alloy"],
  ];
  for (const [what, chart, path, value] of DEFAULTS) {
    it(`without our value ${what}: ${path}`, async () => {
      assert.deepEqual(at(chart, path), value);
      const ours = path
        .split(".")
        .reduce<Loose>((v, key) => v?.[key], valuesOf(await planOf("prod-aks-a"), chart === LOKI ? "loki" : "alloy"));
      assert.notEqual(ours, undefined);
      assert.notDeepEqual(ours, value);
    });
  }
});
