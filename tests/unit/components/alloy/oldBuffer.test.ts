// The upgrade from release 0.1, without its Alloy: tests/pipeline/scenarios/upgrade.test.ts runs it whole.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { OLD_RELEASE_ENDED } from "../../../../components/alloy/oldBuffer/containers.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { plan, planOf, stackFile, valuesOf } from "../../../harness/plannedStack.ts";
import { until } from "../../../harness/processes.ts";

const controller = async (change?: (config: Loose) => void): Promise<Loose> =>
  valuesOf(change ? await plan(stackFile(change)) : await planOf("prod-aks-a"), "alloy").controller;

describe("the containers for the upgrade from release 0.1", () => {
  it("run Alloy's image, as the chart builds its address", async () => {
    for (const [values, image] of [
      [{}, "docker.io/grafana/alloy:v1.18.1"],
      [{ tag: "v1.18.2" }, "docker.io/grafana/alloy:v1.18.2"],
      [{ registry: "mirror.internal", repository: "logs/alloy" }, "mirror.internal/logs/alloy:v1.18.1"],
      [{ tag: "v1.18.2", digest: "ab12" }, "docker.io/grafana/alloy@sha256:ab12"],
      [{ digest: "sha256:ab12" }, "docker.io/grafana/alloy@sha256:ab12"],
    ] as const) {
      const { initContainers, extraContainers } = await controller((config) => {
        config.alloy = { values: { image: values } };
      });
      assert.deepEqual([initContainers[0].image, extraContainers[0].image], [image, image]);
    }
    const mirrored = await controller((config) => {
      config.images = { registry: "mirror.internal" };
    });
    assert.equal(mirrored.extraContainers[0].image, "mirror.internal/grafana/alloy:v1.18.1");
  });

  it("stay when a stack adds its own containers", async () => {
    const { initContainers, extraContainers } = await controller((config) => {
      const own = [{ name: "own", image: "own:1" }];
      config.alloy = { values: { controller: { initContainers: own, extraContainers: own } } };
    });
    const names = (list: Loose[]): string[] => list.map(({ name }) => name);
    assert.deepEqual(names(initContainers), ["old-release-ended", "own"]);
    assert.deepEqual(names(extraContainers), ["old-buffer", "own"]);
  });

  it("have no more rights than Alloy, and probes", async () => {
    const values = valuesOf(await planOf("prod-aks-a"), "alloy");
    const { initContainers, extraContainers } = values.controller;
    for (const container of [...initContainers, ...extraContainers]) {
      assert.deepEqual(container.securityContext, values.alloy.securityContext);
      assert.deepEqual(container.volumeMounts, [{ name: "storage", mountPath: "/var/lib/alloy" }]);
    }
    assert.ok(extraContainers[0].readinessProbe && extraContainers[0].livenessProbe);
  });
});

describe("on a node", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "logging-old-buffer-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const env = (): Record<string, string> => ({
    ...{ PATH: process.env.PATH ?? "", LOGGING_STORAGE: folder, LOGGING_ENDED: OLD_RELEASE_ENDED },
  });
  const script = async (kind: "initContainers" | "extraContainers"): Promise<string[]> => {
    const [, ...args] = (await controller())[kind][0].command;
    return args;
  };
  const noteEnd = async (): Promise<string> => {
    const { status, stderr } = spawnSync("bash", await script("initContainers"), { encoding: "utf8", env: env() });
    assert.equal(status, 0, stderr);
    return readFileSync(join(folder, OLD_RELEASE_ENDED), "utf8");
  };

  it("that never ran release 0.1, no line is older than its end", async () => {
    assert.equal(await noteEnd(), "0");
    assert.equal(await noteEnd(), "0");
  });

  it("that ran release 0.1, its end is noted once: when its files are gone, the note stays", async () => {
    mkdirSync(join(folder, "loki.source.file.pods"));
    const before = BigInt(Date.now()) * 1_000_000n;
    const noted = await noteEnd();
    assert.ok(BigInt(noted) >= before, noted);
    rmSync(join(folder, "loki.source.file.pods"), { recursive: true });
    assert.equal(await noteEnd(), noted);
    // Someone went back to release 0.1.
    mkdirSync(join(folder, "loki.source.file.pods"));
    assert.ok(BigInt(await noteEnd()) > BigInt(noted));
  });

  it("without a buffer, the old files are removed, and copies that are still being read stay", async () => {
    for (const name of ["loki.source.file.pods", "remotecfg", "offsets", "queue", "replay/ns_pod_uid/app"])
      mkdirSync(join(folder, name), { recursive: true });
    for (const name of ["reading", "reading.new", "delivered", "seen.new", "lock", OLD_RELEASE_ENDED])
      writeFileSync(join(folder, name), "");
    const copy = join(folder, "replay/ns_pod_uid/app/0.1.log");
    writeFileSync(copy, "a line");
    const stays = ["lock", "offsets", "queue", OLD_RELEASE_ENDED];
    const run = (args: string[]) => spawn("bash", args, { env: env(), detached: true, stdio: "ignore" });
    const args = await script("extraContainers");
    for (const expected of [[...stays, "replay"], stays]) {
      const sending = run(args);
      try {
        await until("the old files are gone", async () => readdirSync(folder).length === expected.length);
        assert.deepEqual(readdirSync(folder).sort(), expected.sort());
      } finally {
        process.kill(-(sending.pid as number), "SIGKILL");
      }
      if (existsSync(copy)) utimesSync(copy, 0, 0);
    }
  });
});
