import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { timed } from "../../harness/figures.ts";
import { listObjects, type Minio, startMinio } from "../../harness/minio.ts";
import { until } from "../../harness/processes.ts";
import { findPrograms } from "../../harness/pulumi/findPrograms.ts";
import { type PulumiEngine, preparePulumi, type StackConfig } from "../../harness/pulumi/pulumiEngine.ts";
import { CountedPods, type PodAccount } from "../countedPods.ts";
import { deploy, runCommand } from "../projectCommand.ts";

const NAME = "real-node";
const NAMESPACE = "logging";
const NEEDED = ["LOGGING_TEST_KUBECONFIG", "LOGGING_TEST_HOST", "LOGGING_TEST_STORAGE_CLASS"] as const;

/** The user's command that restarts a node. Its argument is the node's name. */
const RESTART = "LOGGING_TEST_RESTART_NODE";

const missing = NEEDED.filter((variable) => !process.env[variable]);
const skip = missing.length > 0 && `no cluster is named: ${missing.join(", ")} (tests/cluster/README.md)`;

describe("a cluster whose pods really run", { timeout: 1_800_000 }, () => {
  let folder: string;
  const kube = new KubeConfig();
  let core: CoreV1Api;
  let counted: CountedPods | undefined;
  let minio: Minio;
  let engine: PulumiEngine;
  let stack: Stack;

  const podsOf = async () => (await core.listNamespacedPod({ namespace: NAMESPACE })).items;
  const onStack = (...args: string[]) =>
    deploy(engine, [...args, "--stack", NAME], {
      MINIO_USER: minio.admin.accessKey,
      MINIO_PASSWORD: minio.admin.secretKey,
    });
  const allReady = async () => {
    const pods = await podsOf();
    const waiting = pods.filter(
      ({ status }) => !status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"),
    );
    if (pods.length === 0 || waiting.length > 0)
      throw new Error(`not Ready: ${waiting.map(({ metadata }) => metadata?.name).join(", ") || "no pods"}`);
    return true;
  };
  const assertVerified = async (when: string) => {
    const { code, stdout, stderr } = await timed(`  verify ${when}`, () => runCommand(engine, "verify", [NAME]));
    assert.equal(code, 0, `${when}: ${stdout}${stderr}`);
  };
  const writer = () => core.readNamespacedPod({ name: "loki-write-0", namespace: NAMESPACE });
  /** One of Alloy's pods on nodes. */
  const agent = async (): Promise<V1Pod> => {
    const labelSelector = "app.kubernetes.io/name=alloy,app.kubernetes.io/instance=alloy";
    const [pod] = (await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector })).items;
    assert.ok(pod, "no pod of Alloy");
    return pod;
  };
  /** Waits until Loki shows the last line of that many starts of a pod's container, and every line before. */
  const assertCounted = async (name: string, ended: number, starts = ended): Promise<PodAccount> => {
    const account = await until(
      `the last line of ${name}`,
      async () => {
        const now = await counted?.account(name);
        return now && now.ended >= ended && now;
      },
      { timeoutMs: 120_000, everyMs: 2000 },
    );
    const { lost, twice, damaged, highest } = account;
    console.log(
      `  ${name}: ${highest.join(" + ")} lines, ${lost.length} lost, ${twice.length} twice, ${damaged.length} damaged`,
    );
    assert.deepEqual({ lost, twice, damaged }, { lost: [], twice: [], damaged: [] }, name);
    assert.equal(highest.length, starts, `${name}: starts of the container in Loki`);
    return account;
  };

  before(async () => {
    if (skip) return;
    const [kubeconfig = "", host = "", storageClass = ""] = NEEDED.map((variable) => process.env[variable]);
    const found = findPrograms();
    if ("missing" in found) throw new Error(found.missing.join("\n"));
    folder = mkdtempSync(join(tmpdir(), "logging-real-node-"));
    kube.loadFromFile(kubeconfig);
    core = kube.makeApiClient(CoreV1Api);
    assert.deepEqual(await podsOf(), [], "the cluster already has pods in the namespace logging");
    minio = await startMinio(found.programs.program, folder, host);
    engine = preparePulumi(found.programs, folder, minio);
    stack = await engine.createStack(NAME, "prod-aks-a");
    engine.changeConfig(NAME, (config) => {
      scaleDown(config, { host, storageClass });
      config["logging:access"] = {
        method: "kubeconfig",
        path: resolve(kubeconfig),
        context: kube.getCurrentContext(),
        server: kube.getCurrentCluster()?.server,
      };
    });
  });
  after(async () => {
    await counted?.removeAll();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("has every pod Ready, and brings an application's line to the bucket", { skip }, async () => {
    const up = await timed("up on real nodes", () => onStack("up"));
    assert.equal(up.outcome, "succeeded", JSON.stringify([up.findings, up.errors]));
    await until("every pod", allReady, { timeoutMs: 120_000 });
    await assertVerified("after up");
  });

  it("continues when a writer is killed", { skip }, async () => {
    const killed = await writer();
    await core.deleteNamespacedPod({ name: "loki-write-0", namespace: NAMESPACE, gracePeriodSeconds: 0 });
    await until(
      "another writer",
      async () => {
        if ((await writer()).metadata?.uid === killed.metadata?.uid) throw new Error("the old one is still there");
        return allReady();
      },
      { timeoutMs: 300_000, everyMs: 1000 },
    );
    await assertVerified("after a writer was killed");
  });

  it("loses no line of containers that crash or are removed, nor when Alloy is killed or replaced", {
    skip,
  }, async () => {
    const killed = await agent();
    const name = killed.metadata?.name ?? "";
    counted = await CountedPods.inNewNamespace(kube, imageOf(killed));
    const pods = counted;
    for (const pod of ["steady", "busy"] as const) await pods.start(pod);
    await pods.kill(NAMESPACE, name, "alloy", "alloy");
    await until("Alloy after it was killed", async () => restartsOf(await agent()) > restartsOf(killed) && allReady(), {
      timeoutMs: 120_000,
    });
    // Its first process ignores SIGTERM, so this takes the grace period.
    await timed("  Alloy's end", async () => {
      await core.deleteNamespacedPod({ name, namespace: NAMESPACE });
      await until("another Alloy", async () => (await agent()).metadata?.uid !== killed.metadata?.uid, {
        timeoutMs: 30_000,
      });
    });
    await until("the other Alloy", allReady, { timeoutMs: 120_000 });
    await pods.start("crashing");
    const starts = await pods.starts("crashing", 3);
    // The kubelet waits for longer than that before it starts the container again.
    await sleep(5_000);
    for (const pod of ["crashing", "busy"]) await pods.remove(pod);
    const { highest } = await assertCounted("crashing", starts);
    assert.deepEqual(
      highest.filter((last) => last !== 301),
      [],
    );
    await assertCounted("busy", 1);
  });

  const noRestart = skip || (!process.env[RESTART] && `${RESTART} names no command that restarts a node`);
  it("continues when the writer's node restarts", { skip: noRestart }, async () => {
    const before = await writer();
    const command = `${process.env[RESTART]} "$0"`;
    await promisify(execFile)("sh", ["-c", command, before.spec?.nodeName ?? ""], { timeout: 600_000 });
    await until(
      "the node's pods",
      async () => {
        const now = await writer();
        const same = now.metadata?.uid === before.metadata?.uid && restartsOf(now) === restartsOf(before);
        if (same) throw new Error("the writer has not been restarted");
        return allReady();
      },
      { timeoutMs: 600_000, everyMs: 1000 },
    );
    await assertVerified("after the node was restarted");
    const last = (await counted?.lastBeforeRestart("steady")) ?? 0;
    await counted?.remove("steady");
    const { highest } = await assertCounted("steady", 1, 2);
    assert.ok((highest[0] ?? 0) >= last, `Loki has ${highest[0]} of the ${last} lines in the node's files`);
  });

  it("has nothing to do the second time", { skip }, async () => {
    await stack.up({ expectNoChanges: true, color: "never" });
  });

  it("is taken away, and its bucket keeps the lines", { skip }, async () => {
    const away = await timed("destroy --keep-bucket on real nodes", () => onStack("destroy", "--keep-bucket"));
    assert.equal(away.outcome, "succeeded", JSON.stringify([away.findings, away.errors]));
    assert.deepEqual(await podsOf(), []);
    const objects = await listObjects(minio.client(minio.admin), `loki-${NAME}`);
    assert.ok(objects.some((key) => key.startsWith("fake/")));
  });
});

const restartsOf = ({ status }: V1Pod): number =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);

/** The image of Alloy, which has Bash. */
const imageOf = ({ spec }: V1Pod): string => spec?.containers.find(({ name }) => name === "alloy")?.image ?? "";

/** One replica of each workload, with requests that fit a small machine. */
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
