import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const running = new Map<string, ChildProcess>();

/** Starts a server. Its output goes to `<name>.log` in `folder`; it ends with this process at the latest. */
export function start(
  name: string,
  command: string,
  args: readonly string[],
  options: { folder: string; env?: Record<string, string> },
): void {
  const log = openSync(join(options.folder, `${name}.log`), "a");
  const child = spawn(command, args, {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", log, log],
  });
  // A run ends when its tests have, and then stops the servers.
  child.unref();
  running.set(name, child);
  child.on("error", (error) => console.error(`${name}: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (running.delete(name)) {
      const tail = readFileSync(join(options.folder, `${name}.log`), "utf8")
        .split("\n")
        .slice(-15)
        .join("\n");
      console.error(`${name} ended by itself (${signal ?? code}); the end of its log:\n${tail}`);
    }
  });
}

/** Stops every server, newest first, and waits for their end. */
export async function stopAll(): Promise<void> {
  const children = [...running.values()].reverse();
  running.clear();
  for (const child of children) {
    child.ref();
    child.kill("SIGTERM");
  }
  const ended = Promise.all(
    children.map((c) => c.exitCode ?? c.signalCode ?? new Promise((resolve) => c.once("exit", resolve))),
  );
  await Promise.race([ended, sleep(5000, undefined, { ref: false })]);
  for (const child of children) child.kill("SIGKILL");
}

// Also where nobody waits: an error nobody caught, process.exit.
process.on("exit", () => {
  for (const child of running.values()) child.kill("SIGKILL");
});

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

/** Asks again and again until the answer is there. @throws what was thrown last, when it takes too long. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  { timeoutMs = 60_000, everyMs = 200 } = {},
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not after ${timeoutMs / 1000} s`, { cause: last });
    await sleep(everyMs);
  }
}
