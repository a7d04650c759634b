import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { OperationLog } from "../engineEvents.ts";
import { type Deployment, deployedStacks, type Environment } from "../environment.ts";
import { figure, timed } from "../figures.ts";
import { listObjects } from "../minioServer.ts";
import { offlinePlanOf } from "../offlinePlanOf.ts";

/** What people made by hand, by the name that the program gives it, and its id for `pulumi import`. */
const HAND_MADE: Readonly<Record<string, string>> = {
  "logging-namespace": "logging",
  "logging-loki": "logging/loki",
  "logging-alloy": "logging/alloy",
};

describe("adopting what exists", () => {
  it("namespace, bucket and Helm releases made by hand are imported, and none of them is replaced or deleted", async (t) => {
    const environment = await deployedStacks();
    if (!environment.programs.helm) return t.skip("helm is not on PATH: https://helm.sh/docs/intro/install/");
    const { engine, deployments, minio } = environment;
    const { name, bucket, stack } = deployments["prod-aks-b"];
    // A cluster without anything of ours, a bucket with logs, and an engine that knows of neither.
    await engine.run(["destroy", "--exclude-protected", "--yes", "--stack", name]);
    const removed = await engine.run(["stack", "rm", "--force", "--yes", "--preserve-config", name]);
    assert.equal(removed.exitCode, 0, removed.output);
    const kept = await listObjects(minio.client(minio.admin), bucket);
    assert.ok(kept.length > 0);
    await timed("helm install of both charts, by hand", () => installByHand(environment, deployments["prod-aks-b"]));

    const init = await engine.run(["stack", "init", name, "--secrets-provider", "passphrase"]);
    assert.equal(init.exitCode, 0, init.output);
    const listed = await engine.run(
      ["preview", "--import-file", "adopt.json", "--stack", name],
      stack.workspace.envVars,
    );
    assert.equal(listed.exitCode, 0, listed.output);
    const adopted = { ...HAND_MADE, "logging-bucket": bucket };
    fillIn(join(engine.project, "adopt.json"), adopted);
    const imported = await timed("pulumi import", () =>
      engine.run(
        ["import", "--file", "adopt.json", "--generate-code=false", "--yes", "--stack", name],
        stack.workspace.envVars,
      ),
    );
    assert.equal(imported.exitCode, 0, imported.output);

    const preview = new OperationLog();
    await stack.preview({ onEvent: preview.record, color: "never" });
    const changes = (log: OperationLog) =>
      log.changes.filter((change) => Object.keys(adopted).includes(change.split(" ")[1] ?? ""));
    figure("  preview of what was adopted", changes(preview).join(", "));
    for (const change of preview.changes) assert.match(change, /^(create|update) /);
    for (const resource of Object.keys(adopted)) assert.ok(!preview.changes.includes(`create ${resource}`), resource);

    const log = new OperationLog();
    await timed("up onto what was adopted", () => stack.up({ onEvent: log.record, color: "never" }));
    assert.deepEqual(
      changes(log).filter((change) => !change.startsWith("update ")),
      [],
    );
    assert.deepEqual(await listObjects(minio.client(minio.admin), bucket), kept);
    await stack.up({ expectNoChanges: true, color: "never" });
  });
});

/** As `helm install` of the same values leaves a cluster, with Secrets made by hand. */
async function installByHand({ engine, folder, programs }: Environment, { name, cluster }: Deployment): Promise<void> {
  await cluster.api.create("/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "logging" },
  });
  for (const release of offlinePlanOf(engine.project, name).filter(
    ({ type }) => type === "kubernetes:helm.sh/v3:Release",
  )) {
    const { name: releaseName, values } = release.inputs as { name: string; values: unknown };
    const file = join(folder, `${releaseName}.values.yaml`);
    writeFileSync(file, stringify(values).replaceAll(/logging-([a-z-]+)-\[auto\]/g, "$1"));
    await promisify(execFile)(programs.helm ?? "", [
      ...["install", releaseName, join(programs.charts, releaseName), "--namespace", "logging", "--values", file],
      ...["--kubeconfig", cluster.adminKubeconfig, "--wait", "--timeout", "2m"],
    ]);
  }
}

/** What a person does with the file that `pulumi preview --import-file` writes: keep what exists, and fill in its id. */
function fillIn(file: string, ids: Readonly<Record<string, string>>): void {
  const list = JSON.parse(readFileSync(file, "utf8")) as {
    resources: Array<{ type: string; name: string; id?: string; component?: boolean }>;
  };
  const resources = list.resources
    .filter(
      ({ type, name, component }) => component || type.startsWith("pulumi:providers:") || Object.hasOwn(ids, name),
    )
    .map((resource) => (Object.hasOwn(ids, resource.name) ? { ...resource, id: ids[resource.name] } : resource));
  writeFileSync(file, JSON.stringify({ ...list, resources }, null, 2));
}
