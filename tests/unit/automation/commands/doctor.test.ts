import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { main } from "../../../../automation/commands/doctor.ts";
import type { Examined } from "../../../../automation/doctor/examineStack.ts";
import { BARE, fakePulumi } from "../../../harness/fakePulumi.ts";
import { runInProcess } from "../../../harness/inProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-doctor-"));
after(() => rmSync(folder, { recursive: true }));

async function examine(env: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await runInProcess(main, ["prod-aks-a", "--json"], { env });
  assert.deepEqual([code, stderr], [6, ""]);
  const results = new Map((JSON.parse(stdout) as Examined[]).map(({ name, result }) => [name, result]));
  const findings = (name: string) => {
    const result = results.get(name);
    return result?.state === "bad" ? result.findings : [];
  };
  return {
    state: (name: string) => results.get(name)?.state,
    texts: (name: string) => findings(name).map(({ text }) => text),
    fixes: (name: string) =>
      findings(name)
        .map(({ fix }) => fix)
        .join("\n"),
  };
}

describe("npm run doctor", () => {
  it("goes on without Pulumi, az, kubelogin and helm, and names how to get each", async () => {
    const { fixes, state } = await examine(BARE);
    assert.match(fixes("Pulumi"), /^install it: .*get\.pulumi\.com/);
    assert.match(fixes("kubelogin"), /az aks install-cli/);
    assert.match(fixes("the cluster"), /^install it, then az login$/);
    assert.match(fixes("helm"), /helm\.sh\/docs\/intro\/install/);
    assert.match(fixes("MinIO's admin"), /minioAdminUser/);
    assert.equal(state("Azure login"), "skipped");
    assert.equal(state("promises"), "skipped");
    assert.equal(state("unknown to the state"), undefined, "without the state, everything would look unknown");
  });

  it("reports that Pulumi is not logged in to a backend", async () => {
    const error = "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions";
    const { fixes, texts } = await examine(fakePulumi(folder, `echo "${error}" >&2; exit 255`).env);
    assert.deepEqual(texts("Pulumi"), ["is not logged in to a backend"]);
    assert.match(fixes("Pulumi"), /^pulumi login /);
  });

  it("shows no password of a backend", async () => {
    const answers = `echo '{"user": "me", "url": "postgres://me:PLANTED@states/db"}'`;
    const { env } = fakePulumi(folder, answers);
    const { stdout } = await runInProcess(main, ["prod-aks-a", "--json"], { env });
    assert.match(stdout, /logged in to postgres:\/\/\[secret\]@states\/db/);
    assert.doesNotMatch(stdout, /PLANTED/);
  });

  it("names the command that creates a missing stack, and goes on", async () => {
    const answers = `case "$1" in
      whoami) echo '{"user": "me", "url": "azblob://states"}' ;;
      *) echo "error: no stack named 'prod-aks-a' found" >&2; exit 255 ;;
    esac`;
    const { fixes, state } = await examine(fakePulumi(folder, answers).env);
    assert.equal(state("Pulumi"), "ok");
    assert.match(fixes("stack"), /^pulumi stack init prod-aks-a --secrets-provider /);
    assert.equal(state("pending operations"), "ok");
  });

  it("reports other errors of the CLI without the command around them", async () => {
    const answers = 'echo "error: the blob container does not exist" >&2; exit 255';
    const { texts } = await examine(fakePulumi(folder, answers).env);
    assert.deepEqual(texts("Pulumi"), ["error: the blob container does not exist"]);
  });

  it("prints a line for each check, and the findings below", async () => {
    const { code, stdout } = await runInProcess(main, ["prod-aks-a"], { env: BARE });
    assert.equal(code, 6);
    assert.match(stdout, /^bad {6}helm\n {9}helm: is not on PATH.*\n {9} {4}→ install it: /m);
    assert.match(stdout, /\n\nprod-aks-a: \d+ to fix, in this order\n$/);
  });
});
