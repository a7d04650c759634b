import assert from "node:assert/strict";
import { it } from "node:test";
import { type ProgramError, runProgram } from "../../../automation/subprocess.ts";

const node = (code: string, options = {}) => runProgram(process.execPath, ["-e", code], options);

it("a program's output is returned; its input is empty", async () => {
  assert.equal(
    await node("process.stdin.pipe(process.stdout).on('unpipe', () => console.log('end of input'))"),
    "end of input\n",
  );
});

it("a program that is missing, one that is late and one that fails have different errors", async () => {
  const outcome = (run: Promise<string>) =>
    run.then(assert.fail, (error: ProgramError) => [error.reason, error.message]);
  assert.deepEqual(await outcome(runProgram("no-such-program", [])), ["missing", "no-such-program is not on PATH"]);
  assert.deepEqual(await outcome(node("console.error('no login'); process.exit(1)")), ["failed", "no login"]);
  const [reason, message] = await outcome(node("setInterval(() => {}, 1000)", { timeoutSeconds: 0.2 }));
  assert.equal(reason, "late");
  assert.match(message ?? "", /did not answer within 0.2 seconds/);
});

it("a program ends with its signal", async () => {
  await assert.rejects(node("setInterval(() => {}, 1000)", { signal: AbortSignal.timeout(200) }));
});
