import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { it } from "node:test";
import { connect } from "../../../../automation/cluster/clusterApi.ts";

it("connecting ends when az does not answer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "logging-az-"));
  const path = process.env.PATH;
  try {
    // Like the real az: a shell script around another process, which keeps the pipes open when the script is killed.
    writeFileSync(join(folder, "az"), "#!/bin/sh\nsleep 30\n");
    chmodSync(join(folder, "az"), 0o755);
    process.env.PATH = [folder, path].join(delimiter);
    const cluster =
      "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod-aks-a";
    const begun = performance.now();
    await assert.rejects(
      connect({ method: "aks", login: "azurecli" }, cluster, 1),
      /cannot get credentials for prod-aks-a: az did not answer within 1 seconds/,
    );
    assert.ok(performance.now() - begun < 10_000);
  } finally {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  }
});
