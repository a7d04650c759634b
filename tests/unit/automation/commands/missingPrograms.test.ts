// Commands on a machine that lacks what they need, and with a Pulumi CLI that only answers what a test wants.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { execute } from "../../../harness/command.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-missing-"));
after(() => rmSync(folder, { recursive: true }));

const BARE = { env: { PATH: "/nonexistent", MINIO_USER: "", MINIO_PASSWORD: "" } };
const TRACE = /\n +at |Error:/;

/** A `pulumi` that writes down how it is called, and says its version. */
const withPulumi = (rest: string) => {
  const calls = join(folder, "calls");
  const pulumi = `#!/bin/sh\necho "$*" >>${calls}\n[ "$1" = version ] && echo v3.270.0 && exit\n${rest}\n`;
  writeFileSync(join(folder, "pulumi"), pulumi, { mode: 0o755 });
  rmSync(calls, { force: true });
  return { env: { ...BARE.env, PATH: folder }, calls: () => readFileSync(calls, "utf8") };
};

interface Examined {
  readonly name: string;
  readonly result: { readonly state: string; readonly findings?: ReadonlyArray<{ text: string; fix: string }> };
}

const examine = async (options: { env: NodeJS.ProcessEnv }) => {
  const { code, stdout, stderr } = await execute("automation/commands/doctor.ts", ["prod-aks-a", "--json"], options);
  assert.equal(stderr, "");
  assert.equal(code, 6);
  return new Map((JSON.parse(stdout) as Examined[]).map(({ name, result }) => [name, result]));
};

describe("the doctor", () => {
  it("goes on without Pulumi, az, kubelogin and helm, and says of each how to get it", async () => {
    const results = await examine(BARE);
    const fix = (name: string) =>
      results
        .get(name)
        ?.findings?.map((finding) => finding.fix)
        .join("\n") ?? "";
    assert.match(fix("Pulumi"), /^install it: .*get\.pulumi\.com/);
    assert.match(fix("kubelogin"), /az aks install-cli/);
    assert.match(fix("the cluster"), /^install it, then az login$/);
    assert.match(fix("helm"), /helm\.sh\/docs\/intro\/install/);
    assert.match(fix("MinIO's admin"), /minioAdminUser/);
    assert.equal(results.get("bucket of its own")?.state, "ok");
    assert.equal(results.get("Azure login")?.state, "skipped");
    assert.ok(!results.has("unknown to the state"), "without the state, everything would look like somebody else's");
  });

  it("says that nobody is logged in to a backend", async () => {
    const error = "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions";
    const results = await examine(withPulumi(`echo "${error}" >&2; exit 255`));
    assert.deepEqual(
      results.get("Pulumi")?.findings?.map(({ text }) => text),
      ["is not logged in to a backend"],
    );
    assert.match(results.get("Pulumi")?.findings?.[0]?.fix ?? "", /^pulumi login /);
  });

  it("names the command that makes a stack that is not there yet, and goes on", async () => {
    const answers = `case "$1" in
      whoami) echo '{"user": "me", "url": "azblob://states"}' ;;
      *) echo "error: no stack named 'prod-aks-a' found" >&2; exit 255 ;;
    esac`;
    const results = await examine(withPulumi(answers));
    assert.equal(results.get("Pulumi")?.state, "ok");
    assert.match(results.get("stack")?.findings?.[0]?.fix ?? "", /^pulumi stack init prod-aks-a --secrets-provider /);
    assert.equal(results.get("pending operations")?.state, "ok");
  });

  it("shows what else the CLI says, without the command around it", async () => {
    const results = await examine(withPulumi('echo "error: the blob container does not exist" >&2; exit 255'));
    assert.deepEqual(
      results.get("Pulumi")?.findings?.map(({ text }) => text),
      ["error: the blob container does not exist"],
    );
  });
});

it("preview and deploy say what is missing, in a line", async () => {
  for (const [command, ...args] of [
    ["preview", "prod-aks-a"],
    ["deploy", "up", "--stack", "prod-aks-a"],
  ] as const) {
    const { code, stderr } = await execute(`automation/commands/${command}.ts`, args, BARE);
    assert.equal(code, 1);
    assert.equal(stderr, "the Pulumi CLI: is not on PATH. fix: install it: curl -fsSL https://get.pulumi.com | sh\n");
  }
});

it("render goes on without helm, diff cannot, and says so", async () => {
  const { PATH: _, ...env } = process.env;
  const git = { env: { ...env, PATH: onlyGit() } };
  const { code, stderr } = await execute("automation/commands/diff.ts", ["prod-aks-a", "--base", "HEAD"], git);
  assert.equal(code, 1);
  assert.match(stderr, /cannot be rendered:\nhelm template \w+: helm is not on PATH/);
  assert.doesNotMatch(stderr, TRACE);
});

/** A PATH with git and without helm. */
function onlyGit(): string {
  const bin = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(bin, "git"), `#!/bin/sh\nPATH='${process.env.PATH}' exec git "$@"\n`, { mode: 0o755 });
  return bin;
}

describe("an operation that is interrupted before the engine runs", () => {
  for (const how of ["signal", "told"])
    it(`is cancelled, and begins nothing (${how})`, async () => {
      const { env, calls } = withPulumi("exit 0");
      const program = `import { up } from "./automation/deploy/operations.ts";
        const events = [];
        const result = await up("prod-aks-a", { ${how}: AbortSignal.abort(), onEvent: (event) => events.push(event) });
        console.log(JSON.stringify({ outcome: result.outcome, findings: result.findings, events }));`;
      const { code, stdout, stderr } = await execute("--input-type=module", ["-e", program], { env });
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), { outcome: "cancelled", findings: [], events: [] });
      assert.doesNotMatch(calls(), /^(preview|up)/m);
    });
});
