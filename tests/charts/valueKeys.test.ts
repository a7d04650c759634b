// Every key that we set is one that the chart reads. The charts refuse no key: one that they do not know has no effect.
// The keys of the pinned charts are in tests/fixtures/charts, so this runs without helm and charts.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../components/loki/chart.ts";
import { type ChartFacts, readChartFacts } from "../harness/chartFacts.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, planOf, valuesOf } from "../harness/plannedStack.ts";
import { isMap } from "./generateChartFacts.ts";
import { CHANGED_DEFAULTS, EVERYTHING, LEFT_OUT, valuesOfSeed, WRONG_KEYS } from "./valueCases.ts";

const LOKI = readChartFacts(LOKI_CHART.name, LOKI_CHART.version);
const ALLOY = readChartFacts(ALLOY_CHART.name, ALLOY_CHART.version);
const CHARTS = { loki: LOKI, alloy: ALLOY } as const;

/** Paths that are set and that the chart does not have, down to the first key that may hold anything. */
function unknownKeys(set: Loose, { keys }: ChartFacts, path = ""): string[] {
  return Object.entries(set).flatMap(([key, value]) => {
    const at = path ? `${path}.${key}` : key;
    const kind = keys[at];
    if (kind === undefined) return [at];
    return kind === "map" && isMap(value) ? unknownKeys(value, { keys, defaults: {} }, at) : [];
  });
}

describe("the charts know every key that is set", () => {
  for (const [name, facts] of Object.entries(CHARTS)) {
    const chart = name as keyof typeof CHARTS;
    it(`${chart}, with every argument`, async () => {
      assert.deepEqual(unknownKeys(valuesOf(await plan(EVERYTHING), chart), facts), []);
    });

    it(`${chart}, with the seed's values, as the benchmark has them`, () => {
      assert.deepEqual(unknownKeys(valuesOfSeed(chart), facts), []);
    });
  }

  it("loki, without caches and a CA", async () => {
    assert.deepEqual(unknownKeys(valuesOf(await plan(LEFT_OUT), "loki"), LOKI), []);
  });
});

describe("this check finds", () => {
  for (const [what, chart, values, unknown] of WRONG_KEYS) {
    it(what, () => assert.deepEqual(unknownKeys(values, CHARTS[chart]), unknown));
  }
});

describe("the charts still have the defaults that we change", () => {
  const at = (values: Loose, path: string) => path.split(".").reduce<Loose>((map, key) => map?.[key], values);
  for (const [effect, chart, path, value] of CHANGED_DEFAULTS) {
    it(`without our value ${effect}: ${path}`, async () => {
      assert.deepEqual(at(CHARTS[chart].defaults, path), value);
      const ours = at(valuesOf(await planOf("prod-aks-a"), chart), path);
      assert.notEqual(ours, undefined);
      assert.notDeepEqual(ours, value);
    });
  }
});
