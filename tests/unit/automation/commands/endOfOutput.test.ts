// A command's output in a pipe whose reader is slow, as `npm run deploy -- up --json | jq`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const COMMAND = resolve(import.meta.dirname, "../../../../automation/commands/defineCommand.ts");
/** More than any pipe holds. */
const BYTES = 2 ** 21;

const start = (stream: "log" | "error") =>
  spawn(process.execPath, [
    ...["--input-type=module", "--eval"],
    `import { runAsProcess } from ${JSON.stringify(COMMAND)};
     // A request that gets no answer.
     setInterval(() => {}, 1000);
     runAsProcess(async () => { console.${stream}("x".repeat(${BYTES - 1})); return 3; });`,
  ]);

for (const [stream, method] of [
  ["stdout", "log"],
  ["stderr", "error"],
] as const)
  it(`${stream} arrives whole before the process ends with the command's code`, async () => {
    const child = start(method);
    const ended = new Promise((done) => child.on("close", done));
    await sleep(500);
    let bytes = 0;
    for await (const chunk of child[stream]) {
      bytes += chunk.length;
      await sleep(1);
    }
    assert.deepEqual([bytes, await ended], [BYTES, 3]);
  });

it("a reader that is gone does not keep the process", async () => {
  const child = start("log");
  const ended = new Promise((done) => child.on("close", done));
  child.stdout.destroy();
  child.stderr.resume();
  assert.equal(await ended, 3);
});

const FULL = "/dev/full";

it("output that a full disk does not take is an error", {
  skip: !existsSync(FULL) && `there is no ${FULL}`,
}, async () => {
  const child = spawn(
    process.execPath,
    [
      ...["--input-type=module", "--eval"],
      `import { runAsProcess } from ${JSON.stringify(COMMAND)};
       runAsProcess(async () => { console.log("x"); return 0; });`,
    ],
    { stdio: ["ignore", openSync(FULL, "w"), "pipe"] },
  );
  const ended = new Promise((done) => child.on("close", done));
  let stderr = "";
  for await (const chunk of child.stderr ?? []) stderr += chunk;
  assert.deepEqual(
    [await ended, stderr],
    [1, "the output could not be written: ENOSPC: no space left on device, write\n"],
  );
});
