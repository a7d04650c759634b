// What all commands have in common: one process for each, as npm starts it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../../../../automation/commands/defineCommand.ts";
import { main as diff } from "../../../../automation/commands/diff.ts";
import { errorText, isExpected } from "../../../../automation/expectedErrors.ts";
import { ProgramError } from "../../../../automation/subprocess.ts";
import { execute } from "../../../harness/command.ts";
import { runInProcess } from "../../../harness/inProcess.ts";

const COMMANDS = ["plan", "render", "diff", "deploy", "doctor", "preview", "verify", "usage", "docs"];

describe("every command", () => {
  for (const command of COMMANDS)
    it(`${command} answers a mistyped option with its usage, without a stack trace`, async () => {
      const { code, stdout, stderr } = await execute(`automation/commands/${command}.ts`, ["--sta", "x"]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^Unknown option '--sta'\nusage: npm (run )?\w+ -- /);
      assert.doesNotMatch(stderr, /\n +at |Error:/);
    });

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
    assert.equal(none.stderr, help.stdout);
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
