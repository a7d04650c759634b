// Temporary files may have a login. A process that is interrupted runs no `finally`, so they are removed here in that case too.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Folders in use. */
const folders = new Set<string>();

/** Signals that end a process, unless it listens to them. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Makes a folder that only this user can read, and removes it after the work. Removes it as well when the process exits or is interrupted
 * before that.
 *
 * @param purpose Part of its name.
 */
export async function inTemporaryFolder<T>(purpose: string, work: (folder: string) => Promise<T>): Promise<T> {
  if (folders.size === 0) listen();
  const folder = mkdtempSync(join(tmpdir(), `logging-${purpose}-`));
  folders.add(folder);
  try {
    return await work(folder);
  } finally {
    remove(folder);
    if (folders.size === 0) stopListening();
  }
}

function listen(): void {
  process.on("exit", removeAll);
  // Before all others: a listener for one time is not counted any more when it has been called.
  for (const signal of SIGNALS) process.prependListener(signal, interrupted);
}

function stopListening(): void {
  process.off("exit", removeAll);
  for (const signal of SIGNALS) process.off(signal, interrupted);
}

/** Ends the process as the signal would have. If someone else listens to it, the work ends with grace, and removes its folder. */
function interrupted(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  removeAll();
  stopListening();
  process.kill(process.pid, signal);
}

function removeAll(): void {
  for (const folder of folders) remove(folder);
}

/** Tries again if a program is still writing into it. */
function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(folder);
}
