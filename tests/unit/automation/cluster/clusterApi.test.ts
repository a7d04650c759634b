import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { it } from "node:test";
import { connect } from "../../../../automation/cluster/clusterApi.ts";
import { main as usage } from "../../../../automation/commands/usage.ts";
import { runInProcess } from "../../../harness/inProcess.ts";

const CLUSTER =
  "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod-aks-a";
const LATE = /cannot get credentials for prod-aks-a: az did not answer within 1 seconds/;

/** Runs something while az does not answer, and fails if it takes longer than this. */
async function withSilentAz(seconds: number, run: () => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "logging-az-"));
  const path = process.env.PATH;
  try {
    // Like the real az: a shell script around another process, which keeps the pipes open when the script is killed.
    writeFileSync(join(folder, "az"), "#!/bin/sh\nsleep 30\n");
    chmodSync(join(folder, "az"), 0o755);
    process.env.PATH = [folder, path].join(delimiter);
    const begun = performance.now();
    await run();
    assert.ok(performance.now() - begun < seconds * 1000);
  } finally {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  }
}

it("connecting ends when az does not answer", () =>
  withSilentAz(10, () => assert.rejects(connect({ method: "aks", login: "azurecli" }, CLUSTER, 1), LATE)));

it("npm run usage ends at its own time limit, if az does not answer", () =>
  // Less than az takes. The stack is planned in this time too.
  withSilentAz(25, async () => {
    const { code, stderr } = await runInProcess(usage, ["prod-aks-a", "--timeout", "1"]);
    assert.equal(code, 1);
    assert.match(stderr, LATE);
  }));
