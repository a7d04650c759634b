// No carriage return reaches the cluster, whatever git or an editor writes into a checkout.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { planOffline } from "../../automation/plan/offlinePlan.ts";
import { readStackFile } from "../../automation/plan/stackFiles.ts";
import { exclusively, STACKS } from "../harness/plannedStack.ts";
import { onPath } from "../harness/programs.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-line-ends-"));
after(() => rmSync(folder, { recursive: true }));

const filesIn = (root: string): string[] =>
  globSync("**/*", { cwd: root, exclude: ["node_modules"] })
    .map((name) => join(root, name))
    .filter((file) => statSync(file).isFile());

describe("a checkout with core.autocrlf", () => {
  const missing = !onPath("git") ? "git is not on PATH" : !isRepository() ? "this is not a git repository" : false;

  it("has no carriage return in any file", { skip: missing }, () => {
    const checkout = join(folder, "checkout/");
    execFileSync("git", ["-c", "core.autocrlf=true", "checkout-index", "--all", `--prefix=${checkout}`]);
    const files = filesIn(checkout);
    assert.ok(files.length > 100);
    assert.deepEqual(
      files.filter((file) => readFileSync(file).includes("\r\n")),
      [],
    );
  });

  function isRepository(): boolean {
    try {
      return execFileSync("git", ["rev-parse", "--git-dir"], { stdio: ["ignore", "pipe", "ignore"] }).length > 0;
    } catch {
      return false;
    }
  }
});

describe("a project in which every file has Windows line ends", () => {
  const project = join(folder, "project");
  for (const name of [
    "components",
    "stack",
    "automation",
    "certs",
    "index.ts",
    "package.json",
    ...STACKS.map((s) => `Pulumi.${s}.yaml`),
  ])
    cpSync(name, join(project, name), { recursive: true });
  for (const file of filesIn(project)) writeFileSync(file, readFileSync(file, "utf8").replace(/\r?\n/g, "\r\n"));
  symlinkSync(resolve("node_modules"), join(project, "node_modules"));

  for (const stack of STACKS)
    it(`sends the same resources as without them: ${stack}`, async () => {
      const planIn = (path: string) =>
        exclusively(async () => {
          const before = process.cwd();
          process.chdir(path);
          try {
            const { resources } = await planOffline(readStackFile(stack), { project: pathToFileURL(`${path}/`) });
            return resources;
          } finally {
            process.chdir(before);
          }
        });
      const windows = await planIn(project);
      // An escaped backslash before the r is a text of two characters.
      assert.doesNotMatch(JSON.stringify(windows), /(?<!\\)(\\\\)*\\r/);
      assert.deepEqual(windows, await planIn(process.cwd()));
    });
});
