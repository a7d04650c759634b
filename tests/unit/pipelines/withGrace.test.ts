// The script that lets a cancelled deployment end in its own time.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

const SCRIPT = ".github/scripts/with-grace.sh";

describe("with-grace.sh", { skip: process.platform !== "linux" && "needs Linux" }, () => {
  /** A command that prints each SIGINT, and ends a second after it. */
  const SLOW = `trap 'echo interrupted; sleep 1; echo ended properly; exit 7' INT; echo begun; while :; do sleep 0.1; done`;

  const inFolder = async (test: (folder: string, environment: NodeJS.ProcessEnv) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), "logging-grace-"));
    try {
      await test(folder, { ...process.env, GRACE_DIR: join(folder, "state") });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const started = async (
    folder: string,
    environment: NodeJS.ProcessEnv,
    command: readonly string[] = ["bash", "-c", SLOW],
    /** What runs the script, for example a shell that does more after it, as in a step of several lines. */
    by: readonly string[] = [],
  ): Promise<ChildProcess> => {
    const [program = "", ...args] = [...by, SCRIPT, "run", ...command];
    const child = spawn(program, args, { env: environment, detached: true, stdio: "ignore" });
    while (!existsSync(join(folder, "state/log")) || !readFileSync(join(folder, "state/log"), "utf8").includes("begun"))
      await new Promise((resolve) => setTimeout(resolve, 50));
    return child;
  };
  const end = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once("exit", resolve));

  it("exits with the command's status, and shows its output", () =>
    inFolder(async (_folder, env) => {
      const { status, stdout } = spawnSync(SCRIPT, ["run", "bash", "-c", "echo printed; exit 3"], {
        env,
        encoding: "utf8",
      });
      assert.equal(status, 3);
      assert.match(stdout, /printed/);
      assert.equal(spawnSync(SCRIPT, ["wait"], { env }).status, 0);
    }));

  it("passes on one SIGINT, however many arrive, and waits", () =>
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

  it("sends SIGINT to the program that `npm run deploy` or `npm run verify` runs, once", async () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    for (const name of ["deploy", "verify"])
      await inFolder(async (folder, env) => {
        const program = `let n = 0; setInterval(() => {}, 100); console.log("begun");
          process.on("SIGINT", () => { console.log("interrupted"); n++ || setTimeout(() => process.exit(7), 1000); });`;
        writeFileSync(join(folder, "slow.cjs"), program);
        const script = scripts[name].replace(/-r \S+ automation\/\S+$/, "slow.cjs");
        assert.match(script, /slow\.cjs/);
        writeFileSync(join(folder, "package.json"), JSON.stringify({ scripts: { [name]: script } }));
        const child = await started(folder, env, ["npm", "--prefix", folder, "run", name]);
        const ended = end(child);
        child.kill("SIGINT");
        assert.equal(await ended, 7, name);
        assert.equal(readFileSync(join(folder, "state/log"), "utf8").match(/interrupted/g)?.length, 1, name);
      });
  });

  it("lets the command end when the process tree is killed, and waits for it in the last step", () =>
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

  it("sends SIGINT in the last step, once, if the step's shell kept it to itself", () =>
    inFolder(async (folder, env) => {
      // The runner signals only the step's shell, and then kills everything below it.
      const child = await started(folder, env, undefined, ["bash", "-ec", '"$@"; true', "bash"]);
      const ended = end(child);
      child.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.doesNotMatch(readFileSync(join(folder, "state/log"), "utf8"), /interrupted/, "the premise of this test");
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await ended;
      const { status, stdout } = spawnSync(SCRIPT, ["wait"], { env, encoding: "utf8" });
      assert.equal(stdout.match(/interrupted/g)?.length, 1, stdout);
      assert.match(stdout, /ended properly/);
      assert.equal(status, 7);
    }));

  it("fails if the command was killed", () =>
    inFolder(async (folder, env) => {
      const child = await started(folder, env);
      const ended = end(child);
      for (const file of ["session", "pid"])
        process.kill(Number(readFileSync(join(folder, "state", file), "utf8")), "SIGKILL");
      assert.equal(await ended, 1);
    }));

  it("fails if the command does not end, and names the page that helps", () =>
    inFolder(async (folder, env) => {
      const child = await started(folder, env);
      const ended = end(child);
      const { status, stdout } = spawnSync(SCRIPT, ["wait", "0"], { env, encoding: "utf8" });
      assert.equal(status, 1);
      assert.match(stdout, /Recover a stuck release/);
      child.kill("SIGINT");
      await ended;
    }));
});
