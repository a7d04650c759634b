import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const running = new Map<string, ChildProcess>();

/**
 * Starts a server, which ends with this process at the latest. Ctrl-C at a terminal does not reach it: the command stops it in order.
 *
 * @param options.folder working directory. `<name>.log` in it gets the server's output.
 */
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
    detached: true,
  });
  // A run ends when its tests have ended, and stops the servers then.
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

/** Kills a server with SIGKILL, as a lost node does, and waits for its end. */
export async function kill(name: string): Promise<void> {
  const child = running.get(name);
  if (!child) return;
  running.delete(name);
  child.ref();
  child.kill("SIGKILL");
  await ended(child);
}

/** Stops every server, the newest first, and kills those that are still running after five seconds. */
export async function stopAll(): Promise<void> {
  const children = [...running.values()].reverse();
  running.clear();
  for (const child of children) {
    child.ref();
    child.kill("SIGTERM");
  }
  await Promise.race([Promise.all(children.map(ended)), sleep(5000, undefined, { ref: false })]);
  for (const child of children) child.kill("SIGKILL");
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once("exit", done));
}

// Covers an uncaught error and process.exit as well.
process.on("exit", () => {
  for (const child of running.values()) child.kill("SIGKILL");
});

/**
 * Resolves with the first signal that asks this process to end. The process then no longer ends by itself. The listeners stay: the Automation
 * API brings `signal-exit`, which kills a process in which no other listener is left.
 */
export const endRequested = (): Promise<NodeJS.Signals> =>
  new Promise((done) => {
    for (const signal of SIGNALS) process.on(signal, done);
  });

/** At a signal that asks this process to end: runs `stop`, then exits with 130. */
export function stopOnSignal(stop: () => Promise<void>): void {
  void endRequested().then((signal) => {
    console.error(`\n${signal}: stopping`);
    return stop().finally(() => process.exit(130));
  });
}

/** Lets a signal at the terminal reach the child only. This process waits for the child's end. */
export function leaveSignalsToChild(): void {
  for (const signal of SIGNALS) process.on(signal, () => {});
}

/** A port of the loopback interface that no process uses. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

/**
 * Asks until there is an answer: not undefined, not false, no error.
 *
 * @param what names the answer in the error.
 * @throws after `timeoutMs`, with the last error as its cause.
 */
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
