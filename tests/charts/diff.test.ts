// `npm run diff` in a repository, through the real charts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { chartsMissing } from "../harness/charts.ts";
import { execute } from "../harness/command.ts";

describe("npm run diff", { skip: chartsMissing(), timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "logging-test-diff-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=test", "-c", "user.email=test@example.com", ...args]);
  const diff = (...args: string[]) => execute(resolve("automation/commands/diff.ts"), args, { cwd: folder });

  it("compares the working copy with a commit, and leaves nothing behind", { timeout: 300_000 }, async () => {
    const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      encoding: "utf8",
    });
    for (const file of files.split("\0").filter((name) => name && !name.startsWith("tests/"))) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(file, join(folder, file));
    }
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "base");
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));

    const same = await diff("prod-aks-b", "--base", "HEAD", "--fail-on", "restarts");
    assert.equal(same.code, 0, same.stderr);
    assert.match(same.stdout, /^prod-aks-b: no changes$/m);

    const stackConfig = join(folder, "Pulumi.prod-aks-b.yaml");
    const text = readFileSync(stackConfig, "utf8");
    writeFileSync(stackConfig, text.replace("retentionHours: 336", "retentionHours: 24"));
    const [markdown, json] = [join(folder, "report.md"), join(folder, "report.json")];
    const files_ = ["--markdown", markdown, "--json", json];
    const stopped = await diff("prod-aks-b", "--base", "HEAD", "--fail-on", "destructive", ...files_);
    assert.equal(stopped.code, 3, stopped.stderr);
    assert.match(stopped.stderr, /--accept-destructive/);
    assert.match(readFileSync(markdown, "utf8"), /^### prod-aks-b: \*\*destructive\*\*$/m);
    assert.equal(JSON.parse(readFileSync(json, "utf8")).verdict, "destructive");
    const first = readFileSync(markdown, "utf8") + readFileSync(json, "utf8");

    const accepted = await diff(
      "prod-aks-b",
      "--base",
      "HEAD",
      "--fail-on",
      "destructive",
      "--accept-destructive",
      ...files_,
    );
    assert.equal(accepted.code, 0, accepted.stderr);
    assert.equal(readFileSync(markdown, "utf8") + readFileSync(json, "utf8"), first, "the same from run to run");

    writeFileSync(stackConfig, text.replace("retentionHours: 336", "retentionHours: 25"));
    const refused = await diff("prod-aks-b", "--base", "HEAD");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /the working copy cannot be rendered:\nArguments of prod-aks-b: 1 problem/);

    const hatch = "    values: { write: { persistence: { enableStatefulSetAutoDeletePVC: true } } }\n";
    writeFileSync(stackConfig, text.replace(/^( +)retentionHours: 336\n/m, `$&${hatch}`));
    const broken = await diff("prod-aks-b", "--base", "HEAD");
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /^Promises of prod-aks-b: 1 problem.*\n {2}loki\.values\.write\.persistence\.enable/);

    writeFileSync(stackConfig, text);
    const unknown = await diff("prod-aks-b", "--base", "no-such-branch");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /no-such-branch: git knows no such commit\. fix: git fetch origin no-such-branch/);

    cpSync(stackConfig, join(folder, "Pulumi.prod-aks-c.yaml"));
    writeFileSync(join(folder, "Pulumi.prod-aks-c.yaml"), text.replaceAll("prod-aks-b", "prod-aks-c"));
    const fresh = await diff("prod-aks-c", "--base", "HEAD");
    assert.equal(fresh.code, 0, fresh.stderr);
    assert.match(fresh.stdout, /resources: \d+ create/);
    assert.equal(String(git("worktree", "list")).trim().split("\n").length, 1, "no worktree is left");
  });
});
