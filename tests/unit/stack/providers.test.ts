import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { describe, it } from "node:test";
import { NOBODY_IS_ALERTED } from "../../../components/monitoring/args.ts";
import { plan, planOf, resource, stackFile } from "../../harness/plannedStack.ts";

describe("the providers", () => {
  it("use only this stack's cluster, subscription and MinIO", async () => {
    const { resources } = await planOf("prod-aks-a");
    assert.deepEqual(
      Object.fromEntries(
        resources.filter((r) => r.type.startsWith("pulumi:providers:")).map((r) => [r.name, r.inputs]),
      ),
      {
        azure: { subscriptionId: "00000000-0000-0000-0000-000000000000", environment: "public" },
        kubernetes: {
          kubeconfig: "[secret]",
          clusterIdentifier:
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-prod-aks-a/providers/Microsoft.ContainerService/managedClusters/prod-aks-a",
          // Grafana's data source and dashboards change in place.
          enableConfigMapMutable: "true",
          enableSecretMutable: "true",
        },
        minio: {
          minioServer: "minio.internal.company:9000",
          minioSsl: "true",
          minioRegion: "us-east-1",
          minioCacertFile: "certs/minio-internal-company-ca.pem",
        },
        random: {},
      },
    );
  });

  it("are the same on every machine: a CA in the project has a relative path, and a CA elsewhere gives a warning", async () => {
    const withCa = (caFile: string) =>
      plan(
        stackFile((c) => {
          c.objectStorage.caFile = caFile;
        }),
      );
    const inProject = "certs/minio-internal-company-ca.pem";
    for (const path of [resolve(inProject), `./${inProject}`, `../${basename(resolve("."))}/${inProject}`]) {
      const { resources, warnings } = await withCa(path);
      assert.equal(resources.find(({ name }) => name === "minio")?.inputs.minioCacertFile, inProject);
      assert.deepEqual(warnings, [NOBODY_IS_ALERTED]);
    }
    const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
    copyFileSync(inProject, join(folder, "ca.pem"));
    const { warnings } = await withCa(join(folder, "ca.pem"));
    rmSync(folder, { recursive: true });
    assert.match(warnings.join("\n"), /^objectStorage\.caFile: .*ca\.pem is outside the project\. Commit it/m);
  });

  it("take MinIO's admin from the secret config, and kubeconfig and context from the config", async () => {
    const other = await plan(
      stackFile(
        (c) => {
          c.access = { method: "kubeconfig", path: "kube/config", context: "prod-aks-a" };
          c.minioAdminUser = "admin";
          c.minioAdminPassword = "adminPassword";
        },
        { secretKeys: ["minioAdminPassword"] },
      ),
    );
    assert.deepEqual(resource(other, "kubernetes").inputs, {
      kubeconfig: "kube/config",
      context: "prod-aks-a",
      clusterIdentifier: "prod-aks-a",
      enableConfigMapMutable: "true",
      enableSecretMutable: "true",
    });
    assert.equal(resource(other, "minio").inputs.minioPassword, "[secret]");
  });
});
