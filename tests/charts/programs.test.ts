// Loki and Alloy check the configs that the charts render from our values.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { ALLOY_PIPELINE, alloyStart } from "../../components/alloy/values.ts";
import { chartsMissing } from "../harness/charts.ts";
import type { Loose } from "../harness/manifest.ts";
import { planOf, STACKS, stackFile, valuesOf } from "../harness/plannedStack.ts";
import { programMissing } from "../harness/programs.ts";
import { object, render, smallestLoki } from "./renderedCharts.ts";
import { file, run, verifyLokiConfig } from "./runProgram.ts";

describe("loki -verify-config", {
  skip: [chartsMissing(), programMissing("loki")].filter(Boolean).join("; ") || false,
}, () => {
  const rendered = async (stack: string, change?: Parameters<typeof stackFile>[0]): Promise<string> =>
    object((await render(stackFile(change, { stack }))).loki, "ConfigMap", "loki").data["config.yaml"];

  for (const stack of STACKS) {
    it(`accepts the config of ${stack}`, async () => {
      const { status, output } = verifyLokiConfig(await rendered(stack));
      assert.equal(status, 0, output);
    });
  }

  it("accepts the config of the smallest Loki, with two schema periods and plain HTTP", async () => {
    const { status, output } = verifyLokiConfig(await rendered("prod-aks-a", smallestLoki));
    assert.equal(status, 0, output);
  });

  it("refuses a misspelled key and a compactor without a store for deletions", async () => {
    const good = parse(await rendered("prod-aks-a"));
    const misspelled = structuredClone(good);
    misspelled.limits_config.retention_periode = "1h";
    assert.notEqual(verifyLokiConfig(stringify(misspelled)).status, 0);
    const storeless = structuredClone(good);
    delete storeless.compactor.delete_request_store;
    assert.notEqual(verifyLokiConfig(stringify(storeless)).status, 0);
  });
});

describe("alloy", { skip: programMissing("alloy") }, () => {
  const pipeline = readFileSync(ALLOY_PIPELINE, "utf8");

  it("fmt leaves the pipeline as it is", () => {
    const { status, output } = run("alloy", ["fmt", file("fmt.alloy", pipeline)]);
    assert.equal(status, 0, output);
    assert.equal(output, pipeline);
  });

  for (const stack of STACKS) {
    it(`validate accepts the pipeline in the environment of ${stack}`, async () => {
      const extraEnv: Array<{ name: string; value: string }> = valuesOf(await planOf(stack), "alloy").alloy.extraEnv;
      const { status, output } = run("alloy", ["validate", file("ok.alloy", pipeline)], {
        ...Object.fromEntries(extraEnv.map((e) => [e.name, e.value])),
        LOKI_USERNAME: "logging-1",
        LOKI_PASSWORD: "password1",
      });
      assert.equal(status, 0, output);
    });
  }

  it("validate refuses a misspelled argument and an unknown component", () => {
    for (const [name, bad] of [
      ["argument.alloy", pipeline.replace("max_backoff_retries", "max_backoff_tries")],
      ["component.alloy", pipeline.replace('loki.source.file "pods"', 'loki.source.fyle "pods"')],
    ] as const) {
      assert.notEqual(bad, pipeline);
      assert.notEqual(run("alloy", ["validate", file(name, bad)]).status, 0, name);
    }
  });
});

describe("the pipeline and its start", () => {
  it("reads exactly the variables that the release sets", async () => {
    const wanted = new Set([
      ...[...readFileSync(ALLOY_PIPELINE, "utf8").matchAll(/sys\.env\("(\w+)"\)/g)].map((m) => m[1]),
      ...[...alloyStart().matchAll(/\$\{?(LOGGING_\w+)/g)].map((m) => m[1]),
      ...[...alloyStart().matchAll(/\(\((LOGGING_\w+)/g)].map((m) => m[1]),
    ]);
    const { GATEWAY_ENV } = await import("../../components/gateway/password.ts");
    const extraEnv: Array<Loose> = valuesOf(await planOf("prod-aks-a"), "alloy").alloy.extraEnv;
    // The chart sets HOSTNAME.
    const given = ["HOSTNAME", ...extraEnv.map((e) => e.name), ...Object.values(GATEWAY_ENV)];
    assert.deepEqual([...wanted].sort(), given.sort());
  });
});
