// What all commands have in common: one process for each, as npm starts it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { UsageError } from "../../../../automation/commands/defineCommand.ts";
import { main as deploy } from "../../../../automation/commands/deploy.ts";
import { main as diff } from "../../../../automation/commands/diff.ts";
import { main as render } from "../../../../automation/commands/render.ts";
import { main as usage } from "../../../../automation/commands/usage.ts";
import { main as verify } from "../../../../automation/commands/verify.ts";
import { errorText, isExpected } from "../../../../automation/expectedErrors.ts";
import { ProgramError } from "../../../../automation/subprocess.ts";
import { execute } from "../../../harness/command.ts";
import { runInProcess } from "../../../harness/inProcess.ts";

/** The npm scripts that run a program of the project. `lint`, `format` and `typecheck` run others. */
const SCRIPTS = Object.entries(
  (JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> }).scripts,
).flatMap(([name, script]) => {
  const [, program] = / \.\/requireNode\.cjs (\S+\.ts)$/.exec(script) ?? [];
  return program ? [{ name, program }] : [];
});

describe("every npm script of the project", () => {
  for (const { name, program } of SCRIPTS)
    it(`${name} prints its usage below an option that it does not have`, async () => {
      const { code, stdout, stderr } = await execute(program, ["--hlep"]);
      assert.deepEqual([code, stdout], [program.startsWith("automation/") ? 1 : 2, ""]);
      assert.doesNotMatch(stderr, /\n +at |Error:/);
      assert.match(stderr, /^Unknown option '--hlep'\n/);
      assert.match(stderr, new RegExp(`^(usage: )?npm (run )?${name}( |$)`, "m"));
    });

  it("test prints its usage for --help", async () => {
    const { code, stdout, stderr } = await execute("tests/run.ts", ["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^npm test/m);
  });

  it("is tested here", () => assert.ok(SCRIPTS.length >= 16, SCRIPTS.map(({ name }) => name).join(", ")));
});

describe("every command", () => {
  it("prints its usage for --help", async () => {
    const help = await runInProcess(diff, ["--help"]);
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(
      help.stdout,
      /^usage: npm run diff -- <stack> --base REF .*\nexit codes: .*\nstacks: prod-aks-a, prod-aks-b\n$/,
    );
    const mistyped = await runInProcess(diff, ["--bse", "x"]);
    assert.equal(mistyped.stderr, `Unknown option '--bse'\n${help.stdout}`);
    const none = await runInProcess(diff, []);
    assert.equal(none.stderr, `<stack> is missing\n${help.stdout}`);
  });

  for (const [command, args, reason] of [
    [render, ["prod-aks-a"], "--out DIR is missing: the folder for the files"],
    [render, ["prod-aks-a", "--out", ""], "--out DIR is missing: the folder for the files"],
    [render, ["prod-aks-a", "prod-aks-b"], "one stack at a time, not prod-aks-a and prod-aks-b"],
    [render, ["prod-aks-a", "--out"], "Option '--out <value>' argument missing"],
    [diff, ["prod-aks-a"], "--base REF is missing: the commit, branch or tag to compare with, as in --base main"],
    [verify, ["prod-aks-a", "--timeout", "abc"], "--timeout abc: a number of seconds up to 86400 is allowed"],
    [verify, ["prod-aks-a", "--timeout", ""], "--timeout : a number of seconds up to 86400 is allowed"],
    [verify, ["prod-aks-a", "--timeout=-5"], "--timeout -5: a number of seconds up to 86400 is allowed"],
    [usage, ["prod-aks-a", "--days", "0"], "--days 0: a whole number from 1 to 90 is allowed"],
    [usage, ["prod-aks-a", "--days", "1.5"], "--days 1.5: a whole number from 1 to 90 is allowed"],
    [usage, ["prod-aks-a", "--price", "2 €"], "--price 2 €: a number from 0 is allowed"],
    [deploy, [], "what to do is missing: allowed are up, destroy and refresh"],
    [deploy, ["down", "--all"], "down: allowed are up, destroy and refresh"],
    [deploy, ["up"], "--stack STACK or --all is missing"],
    [deploy, ["up", "prod-aks-a"], "prod-aks-a: stacks are named by --stack, as in --stack prod-aks-a"],
    [deploy, ["up", "--all", "--stack", "prod-aks-a"], "--stack and --all: only one of them is allowed"],
  ] as const)
    it(`names the mistake in "${args.join(" ")}" above its usage: ${reason}`, async () => {
      const { code, stdout, stderr } = await runInProcess(command, args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.equal(stderr.split("\nusage: ")[0], reason);
    });

  it("prints an expected error without its stack, and any other with it", () => {
    for (const error of [new Error("a"), new UsageError("a"), new ProgramError("failed", "a")])
      assert.ok(isExpected(error), error.name);
    for (const error of [new TypeError("a"), "text", undefined]) assert.ok(!isExpected(error));
  });

  it("prints no field of an error, in which clients keep requests, answers and files", () => {
    const cause = Object.assign(new TypeError("b"), { headers: { authorization: "PLANTED" } });
    const text = errorText(Object.assign(new TypeError("a", { cause }), { buffer: "PLANTED" }));
    assert.match(text, /^TypeError: a\n +at .*\ncaused by: TypeError: b\n +at /s);
    assert.doesNotMatch(text, /PLANTED/);
  });

  it("prints an error of the Kubernetes API, and of the network, in one line", () => {
    const body = JSON.stringify({ message: "secrets is forbidden" });
    const refused = Object.assign(new TypeError("HTTP-Code: 403\nMessage: a"), { code: 403, body });
    assert.equal(errorText(refused), "the cluster: secrets is forbidden");
    const unreachable = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
    assert.equal(errorText(unreachable), "the cluster: fetch failed: connect ECONNREFUSED 127.0.0.1:1");
  });
});
