import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { figure, timed } from "../../harness/figures.ts";
import { answer, listObjects } from "../../harness/minio.ts";
import { CredentialWatch } from "../credentialWatch.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { OperationLog } from "../engineEvents.ts";
import { runCommand } from "../projectCommand.ts";

/** Entries of the state, and nothing outside of it. */
const PROVIDERS = ["azure", "kubernetes", "minio", "random"];

describe("taking a cluster away and keeping its logs", () => {
  /** What is in the bucket before anything is taken away. */
  let kept: string[] = [];

  it("a plain destroy is refused and deletes nothing", async () => {
    const { deployments, engine, minio } = await deployedStacks();
    const { name, bucket, stack } = deployments["prod-aks-b"];
    const admin = minio.client(minio.admin);
    await admin.putObject(bucket, "fake/1/chunk", "a line");
    kept = await listObjects(admin, bucket);
    const before = await resourceNames(stack);
    const { exitCode, output } = await engine.run(["destroy", "--yes", "--stack", name]);
    assert.notEqual(exitCode, 0);
    assert.match(output, /logging-bucket.*protected|protected.*logging-bucket/s);
    assert.deepEqual(await resourceNames(stack), before);
  });

  it("destroy --exclude-protected takes everything in the cluster away and keeps the bucket", async () => {
    const { deployments, engine, minio } = await deployedStacks();
    const { name, bucket, cluster, stack } = deployments["prod-aks-b"];
    const watch = new CredentialWatch(deployments["prod-aks-b"], minio);
    const { exitCode, output } = await timed("destroy --exclude-protected", () =>
      engine.run(["destroy", "--exclude-protected", "--yes", "--stack", name]),
    );
    const looks = await watch.stop();
    assert.equal(exitCode, 0, output);
    const ending = looks.filter(({ heldByEnding }) => heldByEnding.length > 0);
    assert.ok(ending.length > 0, "the watch saw no pod that was ending");
    for (const look of ending)
      for (const key of look.heldByEnding)
        assert.equal(look.keys[key], "ok", "a writer that was stopped could not have flushed its last lines");
    figure("  looks at 100 ms with pods that were ending, with a dead key", `${ending.length}, 0`);
    assert.equal(await cluster.api.get("/api/v1/namespaces/logging"), undefined);
    for (const path of [
      "/apis/rbac.authorization.k8s.io/v1/clusterroles",
      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
      "/apis/scheduling.k8s.io/v1/priorityclasses",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    ]) {
      const ours = (await cluster.api.list(path)).filter(({ metadata }) => /loki|alloy|grafana/.test(metadata.name));
      assert.deepEqual(
        ours.map(({ metadata }) => metadata.name),
        [],
        path,
      );
    }
    const admin = minio.client(minio.admin);
    assert.deepEqual(await listObjects(admin, bucket), kept);
    assert.equal(await answer(listObjects(admin, deployments["prod-aks-a"].bucket)), "ok");
    const deletedPools = engine.azureCalls().filter(({ method, id }) => method === "delete" && id?.includes(name));
    figure("  pools deleted", deletedPools.length);
    figure("  left in the state", (await resourceNames(stack)).join(", "));
  });

  it("the next up brings the cluster back onto its bucket", async () => {
    const { deployments, minio } = await deployedStacks();
    const { bucket, stack } = deployments["prod-aks-b"];
    const log = new OperationLog();
    await timed("up after the destroy", () => stack.up({ onEvent: log.record, color: "never" }));
    assert.ok(!log.changes.some((change) => /logging-bucket$/.test(change)), log.changes.join(", "));
    assert.deepEqual(await listObjects(minio.client(minio.admin), bucket), kept);
  });

  it("npm run deploy -- destroy --keep-bucket first prints what goes and what stays, and does just that", async () => {
    const { deployments, engine, minio } = await deployedStacks();
    const { name, bucket, cluster, stack } = deployments["prod-aks-b"];
    const before = await resourceNames(stack);
    const { code, stdout, stderr } = await runCommand(engine, "deploy", ["destroy", "--stack", name, "--keep-bucket"]);
    assert.equal(code, 0, stdout + stderr);
    const said = stdout.slice(0, stdout.indexOf(": update"));
    const planned = [...said.matchAll(/^ {4}- (\S+) \(/gm)].map(([, resource]) => resource as string);
    assert.match(said, /keeps, because it is protected:\n {4}= logging-bucket \(S3Bucket\)\n/);
    assert.match(stdout, /✔ delete logging-loki \(Release\) [\d.]+ s/, "no progress is shown");
    const after = await resourceNames(stack);
    const gone = before.filter((resource) => !after.includes(resource));
    assert.deepEqual(
      planned.toSorted(),
      gone.filter((resource) => !PROVIDERS.includes(resource)),
    );
    assert.equal(await cluster.api.get("/api/v1/namespaces/logging"), undefined);
    assert.deepEqual(await listObjects(minio.client(minio.admin), bucket), kept);
    figure("  said before it began", `${planned.length} go, 1 stays`);
  });

  it("a destroy that ignores the protection forgets the bucket, and does not delete it", async () => {
    const { deployments, engine, minio } = await deployedStacks();
    const { name, bucket, stack } = deployments["prod-aks-b"];
    const { exitCode, output } = await engine.run(["destroy", "--ignore-protect", "--yes", "--stack", name]);
    assert.equal(exitCode, 0, output);
    assert.ok(!(await resourceNames(stack)).includes("logging-bucket"), output);
    assert.deepEqual(await listObjects(minio.client(minio.admin), bucket), kept);
  });
});

async function resourceNames(stack: { exportStack(): Promise<{ deployment: unknown }> }): Promise<string[]> {
  const { resources = [] } = (await stack.exportStack()).deployment as { resources?: Array<{ urn: string }> };
  return resources.map(({ urn }) => urn.split("::").pop() ?? "").sort();
}
