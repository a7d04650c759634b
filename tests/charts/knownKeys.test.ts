// The lists of keys that the escape hatches are checked against are those of the pinned charts and of their Loki.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { ALLOY_CHART, ALLOY_CHART_KEYS } from "../../components/alloy/chart.ts";
import { Findings } from "../../components/findings.ts";
import { checkKnownKeys, type KnownKeys, keySource } from "../../components/helm/knownKeys.ts";
import { LOKI_CHART, LOKI_CHART_KEYS, LOKI_CONFIG_IN_VALUES, LOKI_CONFIG_KEYS } from "../../components/loki/chart.ts";
import { chartsMissing } from "../harness/charts.ts";
import { assertFile } from "../harness/fixture.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, valuesOf } from "../harness/plannedStack.ts";
import { programMissing } from "../harness/programs.ts";
import { readChart } from "./generateChartFacts.ts";
import { chartKeys, lokiConfigKeys } from "./generateKeys.ts";
import { object, render } from "./renderedCharts.ts";
import { file, verifyLokiConfig } from "./runProgram.ts";
import { EVERYTHING, LEFT_OUT } from "./valueCases.ts";

const CHARTS = { loki: [LOKI_CHART, LOKI_CHART_KEYS], alloy: [ALLOY_CHART, ALLOY_CHART_KEYS] } as const;

const unknown = (values: Loose, keys: KnownKeys): string[] => {
  const findings = new Findings();
  checkKnownKeys(values, keys, keySource(LOKI_CHART), "values", findings);
  return findings.problems.map(({ subject }) => subject);
};

describe("the lists of the charts' keys", () => {
  for (const name of ["loki", "alloy"] as const) {
    it(`${name}: are those of the pinned chart`, { skip: chartsMissing() }, () =>
      assertFile(`components/${name}/chartKeys.txt`, chartKeys(name, readChart(name))),
    );

    it(`${name}: have every key that the stack sets`, async () => {
      for (const config of [EVERYTHING, LEFT_OUT]) {
        const values = valuesOf(await plan(config), name);
        assert.deepEqual(unknown(values, CHARTS[name][1]), []);
        assert.deepEqual(unknown(values, LOKI_CONFIG_IN_VALUES), []);
      }
    });

    it(`${name}: have every key with a default in the chart`, { skip: chartsMissing() }, () =>
      assert.deepEqual(unknown(readChart(name).values, CHARTS[name][1]), []),
    );
  }
});

describe("the list of Loki's keys", {
  skip: [chartsMissing(), programMissing("loki")].filter(Boolean).join("; ") || false,
}, () => {
  const rendered = async (): Promise<string> =>
    object((await render(EVERYTHING)).loki, "ConfigMap", "loki").data["config.yaml"];

  it("is what Loki prints, and what it does not print but accepts", async () => {
    const path = file(
      "printed.yaml",
      (await rendered()).replaceAll("/etc/loki/ca/ca.crt", "certs/minio-internal-company-ca.pem"),
    );
    const { stderr } = spawnSync(
      "loki",
      ["-verify-config", "-print-config-stderr", `-config.file=${path}`, "-config.expand-env=true"],
      {
        encoding: "utf8",
      },
    );
    const printed = stderr.replace(/^level=.*$|^---$/gm, "");
    assertFile("components/loki/configKeys.txt", lokiConfigKeys(printed));
  });

  it("has no key that Loki does not know", async () => {
    const config = parse(await rendered());
    for (const [path, keys] of LOKI_CONFIG_KEYS) {
      if (path.includes(".")) continue;
      // A wrong value stops Loki as well, with another message.
      const section = Object.fromEntries(keys.map((key) => [key, null]));
      const whole = path === "" ? { ...section, ...config } : { ...config, [path]: { ...section, ...config[path] } };
      const { output } = verifyLokiConfig(stringify(whole));
      assert.doesNotMatch(output, /field \S+ not found/, path);
    }
  });
});
