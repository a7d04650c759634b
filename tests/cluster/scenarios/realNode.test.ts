import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { timed } from "../figures.ts";
import { listObjects, startMinio } from "../minioServer.ts";
import { until } from "../processes.ts";
import { findPrograms } from "../programs.ts";
import { deploy, runCommand } from "../projectCommand.ts";
import { preparePulumi, type StackConfig } from "../pulumiEngine.ts";

const NAME = "real-node";
const NAMESPACE = "logging";
const NEEDED = ["LOGGING_TEST_KUBECONFIG", "LOGGING_TEST_HOST", "LOGGING_TEST_STORAGE_CLASS"] as const;

describe("a cluster whose pods really run", () => {
  it("has every pod Ready, a line through to the bucket, also after a writer was killed, and is taken away again", {
    timeout: 1_800_000,
  }, async (t) => {
    const missing = NEEDED.filter((variable) => !process.env[variable]);
    if (missing.length > 0) return t.skip(`no cluster is named: ${missing.join(", ")} (tests/cluster/README.md)`);
    const [kubeconfig = "", host = "", storageClass = ""] = NEEDED.map((variable) => process.env[variable]);
    const found = findPrograms();
    if ("missing" in found) throw new Error(found.missing.join("\n"));
    const folder = mkdtempSync(join(tmpdir(), "logging-real-node-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const kube = new KubeConfig();
    kube.loadFromFile(kubeconfig);
    const core = kube.makeApiClient(CoreV1Api);
    const podsOf = async () => (await core.listNamespacedPod({ namespace: NAMESPACE })).items;
    assert.deepEqual(await podsOf(), [], "the cluster has pods in the namespace logging: they are somebody's");

    const minio = await startMinio(found.programs, folder, host);
    const engine = preparePulumi(found.programs, folder, minio);
    const stack = await engine.createStack(NAME, "prod-aks-a");
    engine.changeConfig(NAME, (config) => {
      scaleDown(config, { host, storageClass });
      config["logging:access"] = {
        method: "kubeconfig",
        path: resolve(kubeconfig),
        context: kube.getCurrentContext(),
        server: kube.getCurrentCluster()?.server,
      };
    });
    const environment = { MINIO_USER: minio.admin.accessKey, MINIO_PASSWORD: minio.admin.secretKey };
    const up = await timed("up on real nodes", () => deploy(engine, ["up", "--stack", NAME], environment));
    assert.equal(up.outcome, "succeeded", JSON.stringify([up.findings, up.errors]));
    const allReady = async () => {
      const pods = await podsOf();
      const waiting = pods.filter(
        ({ status }) => !status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"),
      );
      if (pods.length === 0 || waiting.length > 0)
        throw new Error(`not Ready: ${waiting.map(({ metadata }) => metadata?.name).join(", ") || "no pods"}`);
      return true;
    };
    await until("every pod", allReady, { timeoutMs: 120_000 });
    const verify = async (when: string) => {
      const { code, stdout, stderr } = await timed(`  verify ${when}`, () => runCommand(engine, "verify", [NAME]));
      assert.equal(code, 0, `${when}: ${stdout}${stderr}`);
    };
    await verify("after up");

    const [writer] = (await podsOf()).filter(({ metadata }) => metadata?.name === "loki-write-0");
    assert.ok(writer);
    await core.deleteNamespacedPod({ name: "loki-write-0", namespace: NAMESPACE, gracePeriodSeconds: 0 });
    await until(
      "another writer",
      async () => {
        const { metadata } = await core.readNamespacedPod({ name: "loki-write-0", namespace: NAMESPACE });
        if (metadata?.uid === writer.metadata?.uid) throw new Error("the old one is still there");
        return allReady();
      },
      { timeoutMs: 300_000, everyMs: 1000 },
    );
    await verify("after a writer was killed");
    await stack.up({ expectNoChanges: true, color: "never" });

    const bucket = `loki-${NAME}`;
    const away = await timed("destroy --keep-bucket on real nodes", () =>
      deploy(engine, ["destroy", "--stack", NAME, "--keep-bucket"], environment),
    );
    assert.equal(away.outcome, "succeeded", JSON.stringify([away.findings, away.errors]));
    assert.deepEqual(await podsOf(), []);
    assert.ok((await listObjects(minio.client(minio.admin), bucket)).some((key) => key.startsWith("fake/")));
  });
});

/** One replica of each, and no more than a small machine has. */
function scaleDown(config: StackConfig, { host, storageClass }: { host: string; storageClass: string }): void {
  const replicas = 1;
  const resources = { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "1Gi" } };
  config["logging:cluster"] = { name: NAME, environment: "test" };
  config["logging:nodePool"] = { mode: "none" };
  config["logging:objectStorage"].cidrs = [`${host}/32`];
  config["logging:network"] = {};
  Object.assign(config["logging:loki"], {
    replicationFactor: 1,
    write: { replicas, resources, diskSizeGiB: 10 },
    read: { replicas, resources },
    backend: { replicas, resources, diskSizeGiB: 10 },
    gateway: { replicas },
    caches: { chunksMiB: 64, resultsMiB: 64 },
    storage: { storageClass, customStorageClass: true },
    timeoutSeconds: 600,
  });
  config["logging:alloy"].timeoutSeconds = 600;
}
