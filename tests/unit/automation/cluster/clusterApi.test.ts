import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { it } from "node:test";
import { inspect } from "node:util";
import { connect, kubeConfigOf } from "../../../../automation/cluster/clusterApi.ts";
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

it("an error of a kubeconfig names the file and the line, and shows no token", () => {
  const folder = mkdtempSync(join(tmpdir(), "logging-kubeconfig-"));
  const path = join(folder, "config");
  const messageOf = (text: string): string => {
    writeFileSync(path, text);
    let message = "";
    assert.throws(
      () => kubeConfigOf({ method: "kubeconfig", path, context: "a" }),
      (error) => {
        message = inspect(error, { depth: 9, showHidden: true });
        return error instanceof Error && error.constructor === Error;
      },
    );
    return message;
  };
  try {
    const broken = messageOf("users:\n- name: u\n  user:\n    token: PLANTED\n   a: b\n");
    assert.match(broken, new RegExp(`the kubeconfig ${path} cannot be read: line 5 is not valid YAML`));
    assert.doesNotMatch(broken, /PLANTED/);
    assert.match(messageOf(""), /cannot be read/);
    assert.throws(() => kubeConfigOf({ method: "kubeconfig", path: folder, context: "a" }), /EISDIR/);
    const fromAzure = () => kubeConfigOf({ method: "aks", login: "azurecli" }, "token: PLANTED\n a: b");
    assert.throws(fromAzure, /^Error: the kubeconfig from Azure cannot be read: line 2 is not valid YAML$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
