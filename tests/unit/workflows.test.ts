// The workflow files that people copy: a real linter reads them, and their shell runs.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { onPath } from "../cluster/programs.ts";

const WORKFLOWS = globSync(".github/workflows/*.yml").sort();
const ACTIONLINT = onPath("actionlint");
const ACTIONLINT_SOURCE =
  "actionlint is not on PATH: go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12, or https://github.com/rhysd/actionlint/releases";
const SCRIPT = ".github/scripts/with-grace.sh";

describe("workflows", () => {
  it("pass actionlint", { skip: !ACTIONLINT && ACTIONLINT_SOURCE }, () => {
    assert.ok(WORKFLOWS.length >= 3);
    const { status, stdout } = spawnSync(ACTIONLINT ?? "", ["-no-color", ...WORKFLOWS], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });

  it("call commands that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    const files = [...WORKFLOWS, "azure-pipelines.yml"];
    const called = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/npm run ([\w:]+)/g)].map((m) => m[1]),
    );
    assert.ok(called.length >= 4);
    for (const name of called) assert.ok(name && name in scripts, name);
  });

  it("find all stacks, and put the canary first", { skip: !onPath("jq") && "jq is not on PATH" }, () => {
    const found = (file: string, environment: NodeJS.ProcessEnv = {}) => {
      const folder = mkdtempSync(join(tmpdir(), "logging-workflow-"));
      const { steps } = parse(readFileSync(`.github/workflows/${file}.yml`, "utf8")).jobs.stacks;
      const { status } = spawnSync(
        "bash",
        ["-eo", "pipefail", "-c", steps.find((s: { id?: string }) => s.id === "find").run],
        {
          env: { ...process.env, CANARY: "", ...environment, GITHUB_OUTPUT: join(folder, "output") },
        },
      );
      const output = existsSync(join(folder, "output")) ? readFileSync(join(folder, "output"), "utf8") : "";
      rmSync(folder, { recursive: true });
      return { status, output };
    };
    assert.equal(found("preview").output, 'stacks=["prod-aks-a","prod-aks-b"]\n');
    assert.equal(found("deploy").output, 'canary=prod-aks-a\nrest=["prod-aks-b"]\n');
    assert.equal(found("deploy", { CANARY: "prod-aks-b" }).output, 'canary=prod-aks-b\nrest=["prod-aks-a"]\n');
    assert.equal(found("deploy", { CANARY: "prod-aks-x" }).status, 1);
  });

  it("keep no long-lived secret of Azure, and pin every action", () => {
    for (const file of WORKFLOWS) {
      const text = readFileSync(file, "utf8");
      assert.doesNotMatch(text, /secrets\.(AZURE|ARM)_/);
      for (const [, ref] of text.matchAll(/uses: (\S+)/g)) assert.match(ref ?? "", /@[0-9a-f]{40}$|@v\d+(\.\d+)*$/);
    }
  });

  it("give a deployment more time than its releases may wait", () => {
    const deploy = parse(readFileSync(".github/workflows/deploy.yml", "utf8"));
    for (const job of ["canary", "rest"]) assert.ok(deploy.jobs[job]["timeout-minutes"] > 2 * 30, job);
  });
});

describe("with-grace.sh", { skip: process.platform !== "linux" && "needs Linux" }, () => {
  /** A command that ends in its own time: it notes each SIGINT and goes on for a second. */
  const SLOW = `trap 'echo interrupted; sleep 1; echo ended properly; exit 7' INT; echo begun; while :; do sleep 0.1; done`;

  const inFolder = async (test: (folder: string, environment: NodeJS.ProcessEnv) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), "logging-grace-"));
    try {
      await test(folder, { ...process.env, GRACE_DIR: join(folder, "state") });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const started = async (folder: string, environment: NodeJS.ProcessEnv): Promise<ChildProcess> => {
    const child = spawn(SCRIPT, ["run", "bash", "-c", SLOW], { env: environment, detached: true, stdio: "ignore" });
    while (!existsSync(join(folder, "state/log")) || !readFileSync(join(folder, "state/log"), "utf8").includes("begun"))
      await new Promise((resolve) => setTimeout(resolve, 50));
    return child;
  };
  const end = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once("exit", resolve));

  it("ends as the command ends, and shows what it says", () =>
    inFolder(async (_folder, env) => {
      const { status, stdout } = spawnSync(SCRIPT, ["run", "bash", "-c", "echo said; exit 3"], {
        env,
        encoding: "utf8",
      });
      assert.equal(status, 3);
      assert.match(stdout, /said/);
      assert.equal(spawnSync(SCRIPT, ["wait"], { env }).status, 0);
    }));

  it("passes one SIGINT on, however many come, and waits", () =>
    inFolder(async (folder, env) => {
      const child = await started(folder, env);
      const ended = end(child);
      child.kill("SIGINT");
      setTimeout(() => child.kill("SIGTERM"), 300);
      assert.equal(await ended, 7);
      const log = readFileSync(join(folder, "state/log"), "utf8");
      assert.equal(log.match(/interrupted/g)?.length, 1);
      assert.match(log, /ended properly/);
    }));

  it("a killed process tree leaves the command to its end, and the last step waits for it", () =>
    inFolder(async (folder, env) => {
      const child = await started(folder, env);
      const ended = end(child);
      child.kill("SIGINT");
      while (!readFileSync(join(folder, "state/log"), "utf8").includes("interrupted"))
        await new Promise((resolve) => setTimeout(resolve, 50));
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await ended;
      const { status, stdout } = spawnSync(SCRIPT, ["wait"], { env, encoding: "utf8" });
      assert.match(stdout, /ended properly/);
      assert.equal(status, 7);
    }));

  it("says so when the command itself was killed", () =>
    inFolder(async (folder, env) => {
      const child = await started(folder, env);
      const ended = end(child);
      for (const file of ["session", "pid"])
        process.kill(Number(readFileSync(join(folder, "state", file), "utf8")), "SIGKILL");
      assert.equal(await ended, 1);
    }));

  it("says so when it does not end", () =>
    inFolder(async (folder, env) => {
      const child = await started(folder, env);
      const ended = end(child);
      const { status, stdout } = spawnSync(SCRIPT, ["wait", "1"], { env, encoding: "utf8" });
      assert.equal(status, 1);
      assert.match(stdout, /Recover a stuck release/);
      child.kill("SIGINT");
      await ended;
    }));
});
