// Loki and Alloy themselves read what the charts made of our values.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { ALLOY_PIPELINE, alloyStart } from "../../components/alloy/values.ts";
import { LOKI_CHART } from "../../components/loki/chart.ts";
import { chartsMissing } from "../harness/charts.ts";
import type { Loose } from "../harness/manifest.ts";
import { planOf, STACKS, stackFile, valuesOf } from "../harness/plannedStack.ts";
import { object, programMissing, render, smallestLoki } from "./renderedCharts.ts";

const LOKI_HOW = `Loki ${LOKI_CHART.appVersion}, https://github.com/grafana/loki/releases`;
const ALLOY_HOW = `Alloy ${ALLOY_CHART.appVersion}, https://github.com/grafana/alloy/releases`;

const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
after(() => rmSync(folder, { recursive: true }));

function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", HOME: folder, ...env },
    timeout: 30_000,
  });
  return { status, said: stdout + stderr };
}

describe("loki -verify-config", {
  skip: [chartsMissing(), programMissing("loki", LOKI_HOW)].filter(Boolean).join("; ") || false,
}, () => {
  const verify = (config: string) => {
    const file = join(folder, "loki.yaml");
    // The CA is mounted there in the pod; here it is where the repository has it.
    writeFileSync(
      file,
      config.replaceAll("/etc/loki/ca/ca.crt", join(process.cwd(), "certs/minio-internal-company-ca.pem")),
    );
    return run("loki", ["-verify-config", `-config.file=${file}`, "-config.expand-env=true"], {
      MINIO_ACCESS_KEY: "accessKey1",
      MINIO_SECRET_KEY: "secretKey1",
    });
  };
  const rendered = async (stack: string, change?: Parameters<typeof stackFile>[0]): Promise<string> =>
    object((await render(stackFile(change, { stack }))).loki, "ConfigMap", "loki").data["config.yaml"];

  for (const stack of STACKS) {
    it(`takes the config of ${stack}`, async () => {
      const { status, said } = verify(await rendered(stack));
      assert.equal(status, 0, said);
    });
  }

  it("takes the config of the smallest Loki too, with two schema periods and plain HTTP", async () => {
    const { status, said } = verify(await rendered("prod-aks-a", smallestLoki));
    assert.equal(status, 0, said);
  });

  it("refuses a misspelled key and a compactor without a store for deletions, and so can tell", async () => {
    const good = parse(await rendered("prod-aks-a"));
    const misspelled = structuredClone(good);
    misspelled.limits_config.retention_periode = "1h";
    assert.notEqual(verify(stringify(misspelled)).status, 0);
    const storeless = structuredClone(good);
    delete storeless.compactor.delete_request_store;
    assert.notEqual(verify(stringify(storeless)).status, 0);
  });
});

describe("alloy", { skip: programMissing("alloy", ALLOY_HOW) }, () => {
  const pipeline = readFileSync(ALLOY_PIPELINE, "utf8");
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  it("fmt leaves the pipeline as it is", () => {
    const { status, said } = run("alloy", ["fmt", file("fmt.alloy", pipeline)]);
    assert.equal(status, 0, said);
    assert.equal(said, pipeline);
  });

  for (const stack of STACKS) {
    it(`validate takes the pipeline in the environment of ${stack}`, async () => {
      const extraEnv: Array<{ name: string; value: string }> = valuesOf(await planOf(stack), "alloy").alloy.extraEnv;
      const { status, said } = run("alloy", ["validate", file("ok.alloy", pipeline)], {
        ...Object.fromEntries(extraEnv.map((e) => [e.name, e.value])),
        LOKI_USERNAME: "logging-1",
        LOKI_PASSWORD: "password1",
      });
      assert.equal(status, 0, said);
    });
  }

  it("validate refuses a misspelled argument and an unknown component, and so can tell", () => {
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
  it("reads from the environment what the release gives it, and nothing else", async () => {
    const wanted = new Set([
      ...[...readFileSync(ALLOY_PIPELINE, "utf8").matchAll(/sys\.env\("(\w+)"\)/g)].map((m) => m[1]),
      ...[...alloyStart().matchAll(/\$\{?(LOGGING_\w+)/g)].map((m) => m[1]),
      ...[...alloyStart().matchAll(/\(\((LOGGING_\w+)/g)].map((m) => m[1]),
    ]);
    const { GATEWAY_ENV } = await import("../../components/gateway/password.ts");
    const extraEnv: Array<Loose> = valuesOf(await planOf("prod-aks-a"), "alloy").alloy.extraEnv;
    // The chart's own.
    const given = ["HOSTNAME", ...extraEnv.map((e) => e.name), ...Object.values(GATEWAY_ENV)];
    assert.deepEqual([...wanted].sort(), given.sort());
  });
});
