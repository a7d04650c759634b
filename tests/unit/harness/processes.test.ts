// A run that is asked to end stops its servers first, whatever else listens for signals.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { it } from "node:test";

/** Starts a server and listens for signals as a tier does, beside `signal-exit`, which the Automation API brings. */
const RUN = `
  import { start, stopAll, stopOnSignal } from "./tests/harness/processes.ts";
  start("server", process.execPath, ["-e", "setInterval(() => {}, 1000)"], { folder: process.argv[1] });
  stopOnSignal(async () => {
    await stopAll();
    console.log("stopped");
  });
  // signal-exit ends the process if its own listener is the only one left.
  process.on("SIGINT", () => {
    if (process.listeners("SIGINT").length === 1) process.kill(process.pid, "SIGKILL");
  });
  setInterval(() => {}, 1000);
  console.log("ready");
`;

it("a signal stops the servers of a run before the run ends", async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/logging-test-`);
  t.after(() => rmSync(folder, { recursive: true }));
  const child = spawn(process.execPath, ["--input-type=module", "-e", RUN, folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
    if (/ready/.test(String(text))) child.kill("SIGINT");
  });
  const [code, signal] = await once(child, "exit");
  assert.deepEqual([code, signal], [130, null], output);
  assert.match(output, /stopped/);
});
