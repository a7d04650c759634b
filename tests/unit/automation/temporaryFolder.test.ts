// Each case is a process: a signal would end the test itself.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { it } from "node:test";
import { inTemporaryFolder } from "../../../automation/temporaryFolder.ts";

const address = (file: string): string => JSON.stringify(resolve(import.meta.dirname, "../../../automation", file));

/** Starts a process with a folder in use, sends it signals once it has printed the folder, and waits for its end. */
async function interrupted(rest: string, signals: readonly NodeJS.Signals[]) {
  const child = spawn(process.execPath, [
    ...["--input-type=module", "--eval"],
    `import { writeFileSync } from "node:fs";
     import { inTemporaryFolder } from ${address("temporaryFolder.ts")};
     import { interruptible } from ${address("commands/interruptible.ts")};
     const use = (until) => inTemporaryFolder("test", async (folder) => {
       writeFileSync(folder + "/login", "x");
       console.log(folder);
       await until;
     });
     const clock = setInterval(() => {}, 1000);
     ${rest}`,
  ]);
  let folder = "";
  for await (const chunk of child.stdout) {
    const begun = folder === "";
    folder += String(chunk);
    if (begun) for (const signal of signals) child.kill(signal);
  }
  const [code, signal] = await new Promise<unknown[]>((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done([child.exitCode, child.signalCode]);
    else child.on("exit", (...end) => done(end));
  });
  return { folder: folder.split("\n")[0] ?? "", ended: code ?? signal };
}

const FOREVER = "new Promise(() => {})";

for (const [what, rest, signals, end] of [
  ["SIGINT", `use(${FOREVER});`, ["SIGINT"], "SIGINT"],
  ["SIGTERM", `use(${FOREVER});`, ["SIGTERM"], "SIGTERM"],
  ["the end of its terminal", `use(${FOREVER});`, ["SIGHUP"], "SIGHUP"],
  ["its own end", `use(${FOREVER}); setTimeout(() => process.exit(3), 100);`, [], 3],
  [
    "a signal that its command handles with grace",
    `interruptible(async (signal) => {
       await use(new Promise((done) => signal.addEventListener("abort", () => setTimeout(done, 100))));
       return 0;
     }).then(process.exit);`,
    ["SIGTERM"],
    143,
  ],
] as const)
  it(`a temporary folder is gone after ${what}, and the process ends as it would have without one`, async () => {
    const { folder, ended } = await interrupted(rest, signals);
    assert.match(folder, /logging-test-/);
    assert.deepEqual([ended, existsSync(folder)], [end, false]);
  });

it("a temporary folder is gone after its work, and only its owner can read it", async () => {
  const listeners = () => ["exit", "SIGINT", "SIGTERM", "SIGHUP"].map((name) => process.listenerCount(name));
  const before = listeners();
  const seen = await inTemporaryFolder("test", async (folder) => {
    if (process.platform !== "win32") assert.equal(statSync(folder).mode & 0o777, 0o700);
    return folder;
  });
  assert.ok(!existsSync(seen));
  await assert.rejects(
    inTemporaryFolder("test", () => Promise.reject(new Error("a"))),
    /^Error: a$/,
  );
  assert.deepEqual(listeners(), before);
});
