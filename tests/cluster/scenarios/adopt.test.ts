import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { figure, timed } from "../../harness/figures.ts";
import { createDisks } from "../../harness/kubernetes/simulatedNodes.ts";
import { listObjects } from "../../harness/minio.ts";
import { until } from "../../harness/processes.ts";
import { onPath } from "../../harness/programs.ts";
import { agentPool } from "../../harness/pulumi/azure-native/agentPool.ts";
import type { Properties } from "../../harness/pulumi/azure-native/kind.ts";
import { changePools } from "../../harness/pulumi/azure-native/state.ts";
import { offlinePlanOf } from "../../harness/pulumi/offlinePlanOf.ts";
import { type Deployment, deployedStacks, type Environment } from "../deployedStacks.ts";
import { OperationLog } from "../engineEvents.ts";
import { isReady, podsByWorkload } from "../placement.ts";
import { deploy } from "../projectCommand.ts";

/** Resources made by hand, by the names that the program gives them. */
const ADOPTED = ["logging-bucket", "logging-namespace", "logging-node-pool", "logging-loki", "logging-alloy"];
const LOGGING = "/api/v1/namespaces/logging";
const STATEFUL_SETS = "/apis/apps/v1/namespaces/logging/statefulsets";

describe("adopting what exists", () => {
  it("bucket, namespace, pool and Helm releases made by hand are imported; nothing is replaced or deleted", async (t) => {
    const environment = await deployedStacks();
    if (!environment.programs.helm) return t.skip("helm is not on PATH: https://helm.sh/docs/intro/install/");
    if (!onPath("jq")) return t.skip("jq, which docs/adopting.md uses, is not on PATH");
    const { engine, deployments, minio } = environment;
    const { name, bucket, stack, cluster } = deployments["prod-aks-b"];
    // A cluster without our objects, a bucket with logs, and an engine that knows neither.
    await engine.run(["destroy", "--exclude-protected", "--yes", "--stack", name]);
    const removed = await engine.run(["stack", "rm", "--force", "--yes", "--preserve-config", name]);
    assert.equal(removed.exitCode, 0, removed.output);
    const admin = minio.client(minio.admin);
    await admin.putObject(bucket, "fake/1/before", "a line");
    const kept = await listObjects(admin, bucket);
    const pool = await poolByHand(environment, name);
    await timed("helm install of both charts, by hand", () => installByHand(environment, deployments["prod-aks-b"]));

    const init = await engine.run(["stack", "init", name, "--secrets-provider", "passphrase"]);
    assert.equal(init.exitCode, 0, init.output);
    const list = join(engine.project, "adopt.json");
    const listed = await engine.run(["preview", "--import-file", list, "--stack", name], stack.workspace.envVars);
    assert.equal(listed.exitCode, 0, listed.output);
    const filled = join(engine.project, "adopt-filled.json");
    await fillIds(list, filled, {
      "logging-bucket": bucket,
      "logging-namespace": "logging",
      "logging-loki": "logging/loki",
      "logging-alloy": "logging/alloy",
      "logging-node-pool": pool,
    });
    const imported = await timed("pulumi import", () =>
      engine.run(
        ["import", "--file", filled, "--generate-code=false", "--yes", "--stack", name],
        stack.workspace.envVars,
      ),
    );
    assert.equal(imported.exitCode, 0, imported.output);

    const preview = new OperationLog();
    await stack.preview({ onEvent: preview.record, color: "never" });
    figure("  preview of what was adopted", changesOf(preview).join(", "));
    for (const change of preview.changes) assert.match(change, /^(create|update) /);
    for (const resource of ADOPTED) assert.ok(!preview.changes.includes(`create ${resource}`), resource);
    assert.deepEqual(await listObjects(admin, bucket), kept);
    assert.ok(await cluster.api.get(`${STATEFUL_SETS}/loki-write`));
  });

  it("the up stops at the disks of the StatefulSets, and continues once these are deleted without their pods", async (t) => {
    const { programs, engine, deployments, minio } = await deployedStacks();
    if (!programs.helm || !onPath("jq")) return t.skip("nothing was adopted");
    const { name, bucket, cluster, stack } = deployments["prod-aks-b"];
    const kept = await listObjects(minio.client(minio.admin), bucket);
    // The release by hand shows lines of any age, and the config limits it.
    const stopped = await deploy(engine, ["up", "--stack", name]);
    assert.equal(stopped.outcome, "stopped", JSON.stringify(stopped.errors));
    const accepting = ["up", "--stack", name, "--accept-destructive"];
    const held = await timed("  up that is held", () => deploy(engine, accepting));
    assert.equal(held.outcome, "failed", JSON.stringify(held.errors));
    assert.match(held.errors.join("\n"), /updates to statefulset spec .* are forbidden/);
    const write = async () =>
      (await podsByWorkload(cluster))
        .get("write")
        ?.map(({ metadata }) => metadata.uid)
        .sort();
    const [pods, claims] = [await write(), await claimsOf(cluster)];
    assert.equal(pods?.length, 3);

    // kubectl delete statefulset loki-write loki-backend --cascade=orphan
    for (const set of ["loki-write", "loki-backend"]) {
      await cluster.api.call("DELETE", `${STATEFUL_SETS}/${set}`, { propagationPolicy: "Orphan" });
      await until(`${set} is gone`, async () => !(await cluster.api.get(`${STATEFUL_SETS}/${set}`)));
    }
    assert.deepEqual(await write(), pods, "the pods went with their StatefulSet");

    const log = new OperationLog();
    await timed("  up onto what was adopted", () => stack.up({ onEvent: log.record, color: "never" }));
    assert.deepEqual(
      changesOf(log).filter((change) => !change.startsWith("update ")),
      [],
    );
    assert.deepEqual(await claimsOf(cluster), claims, "disks were replaced");
    for (const [workload, list] of await podsByWorkload(cluster))
      for (const pod of list) assert.ok(isReady(pod), `${workload}: ${pod.metadata.name} is not Ready`);
    assert.deepEqual(await listObjects(minio.client(minio.admin), bucket), kept);
    await stack.up({ expectNoChanges: true, color: "never" });
  });
});

const changesOf = (log: OperationLog): string[] =>
  log.changes.filter((change) => ADOPTED.includes(change.split(" ")[1] ?? ""));

/** The step of docs/adopting.md that fills in the ids of what exists, with the same jq program. */
async function fillIds(list: string, filled: string, ids: Readonly<Record<string, string>>): Promise<void> {
  const program = resolve(import.meta.dirname, "../../../docs/adopting.jq");
  const args = ["--argjson", "ids", JSON.stringify(ids), "--from-file", program, list];
  const { stdout } = await promisify(execFile)("jq", args, { maxBuffer: 64 * 1024 * 1024 });
  writeFileSync(filled, stdout);
}

/** Creates a pool as `az aks nodepool add` does, with the name of the stack's pool and other tags. @returns its ARM id. */
async function poolByHand({ engine }: Environment, name: string): Promise<string> {
  const planned = offlinePlanOf(engine.project, name).find(({ type }) => type.endsWith(":AgentPool"));
  const inputs = planned?.inputs as Properties;
  const cluster = `resourceGroups/${inputs.resourceGroupName}/providers/Microsoft.ContainerService/managedClusters/${inputs.resourceName}`;
  const id = `/subscriptions/${engine.environment.ARM_SUBSCRIPTION_ID}/${cluster}/agentPools/${inputs.agentPoolName}`;
  await changePools(engine.environment.AZURE_STANDIN_STATE ?? "", (pools) => {
    pools[id] = { ...inputs, tags: { made: "by hand" }, azureApiVersion: agentPool.apiVersion };
  });
  return id;
}

/** The objects in the cluster after the commands in `seed/`, and a Secret made by hand. */
async function installByHand(
  { folder, minio, programs }: Environment,
  { name, bucket, cluster }: Deployment,
): Promise<void> {
  await createDisks(cluster.api, "default", 6, true);
  await cluster.api.create("/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "logging" },
  });
  await cluster.api.create(`${LOGGING}/secrets`, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "minio-credentials" },
    stringData: { MINIO_ACCESS_KEY: "somebody", MINIO_SECRET_KEY: "somebody's secret" },
  });
  for (const release of ["loki", "alloy"]) {
    const values = readFileSync(resolve(import.meta.dirname, `../seed/values-${release}.yaml`), "utf8");
    const file = join(folder, `seed-${release}.values.yaml`);
    writeFileSync(
      file,
      values.replaceAll("{bucket}", bucket).replaceAll("{endpoint}", minio.endpoint).replaceAll("{cluster}", name),
    );
    await promisify(execFile)(programs.helm ?? "", [
      ...["upgrade", "--install", release, join(programs.charts, release), "--namespace", "logging", "--values", file],
      ...["--kubeconfig", cluster.adminKubeconfig],
    ]);
  }
  await until("the writers and backends made by hand are Ready", async () => {
    const pods = await podsByWorkload(cluster);
    const ready = (workload: string) => pods.get(workload)?.filter(isReady).length;
    return ready("write") === 3 && ready("backend") === 2;
  });
}

const claimsOf = async (cluster: Deployment["cluster"]): Promise<string[]> =>
  (await cluster.api.list(`${LOGGING}/persistentvolumeclaims`))
    .map(({ metadata, spec }) => `${metadata.name}: ${spec.volumeName}`)
    .sort();
