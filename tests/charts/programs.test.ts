// Loki and Alloy check the configs that the charts render from our values.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { OLD_RELEASE_ENDED } from "../../components/alloy/oldBuffer/containers.ts";
import { ALLOY_PIPELINE } from "../../components/alloy/pipeline.ts";
import { FEATURE_GATES, withoutHelmEscapes } from "../../components/alloy/values.ts";
import { chartsMissing } from "../harness/charts.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, planOf, STACKS, stackFile, valuesOf } from "../harness/plannedStack.ts";
import { programMissing } from "../harness/programs.ts";
import { object, render, smallestLoki } from "./renderedCharts.ts";
import { file, folder, run, verifyLokiConfig } from "./runProgram.ts";

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

  // On a node, an init container writes it.
  file(OLD_RELEASE_ENDED, "0");

  const validate = (pipeline: string, env: Record<string, string>, gates = FEATURE_GATES): ReturnType<typeof run> =>
    run("alloy", ["otel", "validate", `--config=${file("pipeline.yaml", pipeline)}`, `--feature-gates=${gates}`], env);
  const environment = async (stack: string): Promise<Record<string, string>> => {
    const extraEnv: Array<{ name: string; value: string }> = valuesOf(await planOf(stack), "alloy").alloy.extraEnv;
    return {
      ...Object.fromEntries(extraEnv.map(({ name, value }) => [name, value])),
      // The node's folder does not exist here, and the check makes none.
      ...{ LOGGING_STORAGE: folder, HOSTNAME: "node", LOKI_USERNAME: "logging-1", LOKI_PASSWORD: "password1" },
    };
  };

  for (const stack of STACKS) {
    it(`validate accepts the pipeline in the environment of ${stack}`, async () => {
      const { status, output } = validate(pipeline, await environment(stack));
      assert.equal(status, 0, output);
    });
  }

  it("validate accepts the pipeline with every kind of rule, as the release has it", async () => {
    const namespaces = ["team-a", "load-*"];
    const planned = await plan(
      stackFile((config) => {
        config.alloy = {
          exclude: ["left-*"],
          multiline: [
            ...["java", "python", "go", "dotnet", "node"].map((kind) => ({ namespaces, containers: ["app"], kind })),
            { namespaces, firstLine: "^\\[\\d{4}-|\\$\\{a\\}" },
          ],
          drop: [{ namespaces, belowLevel: "warn", pattern: '"$x" \\{\\{', sample: 0.5 }],
          mask: [
            ...["token", "jwt", "card", "email", "ipv4"].map((kind) => ({ kind })),
            { pattern: "C-\\d+", namespaces },
          ],
        };
      }),
    );
    const { content } = valuesOf(planned, "alloy").alloy.configMap;
    const { status, output } = validate(withoutHelmEscapes(content), await environment("prod-aks-a"));
    assert.equal(status, 0, output);
  });

  it("validate refuses a misspelled key, an unknown component and an operator that does not exist", async () => {
    const env = await environment("prod-aks-a");
    for (const [good, bad] of [
      ["block_on_overflow", "block_on_overflows"],
      ["file_log/1", "file_lag/1"],
      ["type: recombine", "type: recombined"],
    ] as const) {
      const changed = pipeline.replace(good, bad);
      assert.notEqual(changed, pipeline);
      assert.notEqual(validate(changed, env).status, 0, bad);
    }
  });

  it("a feature gate that Alloy does not know is an error, so lines are never read without it", async () => {
    const { status, output } = validate(pipeline, await environment("prod-aks-a"), "stanza.synchronousLogEmitters");
    assert.notEqual(status, 0);
    assert.match(output, /no such feature gate "stanza.synchronousLogEmitters"/);
  });
});

describe("the pipeline", () => {
  it("reads exactly the variables that the release sets", async () => {
    const wanted = new Set(
      [...readFileSync(ALLOY_PIPELINE, "utf8").matchAll(/\$\{env:(\w+)\}/g)].map(([, name]) => name),
    );
    const { GATEWAY_ENV } = await import("../../components/gateway/password.ts");
    const extraEnv: Array<Loose> = valuesOf(await planOf("prod-aks-a"), "alloy").alloy.extraEnv;
    // The chart sets HOSTNAME.
    const given = ["HOSTNAME", ...extraEnv.map((e) => e.name), ...Object.values(GATEWAY_ENV)];
    assert.deepEqual([...wanted].sort(), given.sort());
  });
});
