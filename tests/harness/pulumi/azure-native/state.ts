// The subscription's resources, by ARM id, in one JSON file. Each deployment, and each provider resource in it, is a separate process.

import { mkdirSync, readFileSync, renameSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Properties } from "./kind.ts";

export type Pools = Record<string, Properties>;

/** A change takes milliseconds, so a lock of this age is left over from a killed process. */
const ABANDONED_MS = 10_000;

export function readPools(file: string): Pools {
  return whenThere(() => JSON.parse(readFileSync(file, "utf8")) as Pools) ?? {};
}

/** Changes the content of the file, one process after the other. */
export async function changePools<T>(file: string, change: (pools: Pools) => T): Promise<T> {
  const lock = `${file}.lock`;
  while (!taken(lock)) await setTimeout(5 + Math.random() * 10);
  try {
    const pools = readPools(file);
    const result = change(pools);
    // Readers need no lock: they see the old file or the new one, never half a file.
    writeFileSync(`${file}.tmp`, `${JSON.stringify(pools, null, 2)}\n`);
    renameSync(`${file}.tmp`, file);
    return result;
  } finally {
    rmdirSync(lock);
  }
}

function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const since = whenThere(() => statSync(lock).mtimeMs);
    if (since !== undefined && Date.now() - since > ABANDONED_MS) whenThere(() => rmdirSync(lock));
    return false;
  }
}

function whenThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The key under which `id` is stored. ARM ids ignore case. */
export function keyOf(pools: Pools, id: string): string | undefined {
  return Object.keys(pools).find((key) => key.toLowerCase() === id.toLowerCase());
}
