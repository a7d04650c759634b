import { readFileSync } from "node:fs";
import { median } from "../statistics.ts";

/** Something whose time is measured. */
export interface Candidate {
  readonly name: string;
  /** Runs once, in separate processes. @returns seconds. */
  run(): Promise<number>;
}

/** Seconds by candidate, one for each round. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** The times of all rounds. */
export interface Measured {
  /** By the clock. */
  readonly clock: Times;
  /** CPU time of all processes. Other work on the machine changes it far less. */
  readonly cpu: Times;
}

/**
 * Runs all candidates in turn, again and again: other work on the machine then slows all of them.
 *
 * @param options.warmUp whether an uncounted round comes first and fills the caches. Default: true.
 */
export async function measureInterleaved(
  candidates: readonly Candidate[],
  rounds: number,
  { warmUp = true } = {},
): Promise<Measured> {
  const empty = () => new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
  const [clock, cpu] = [empty(), empty()];
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    for (const { name, run } of candidates) {
      const before = cpuSecondsOfChildren();
      const seconds = await run();
      const used = cpuSecondsOfChildren() - before;
      console.log(`  ${round === 0 ? "warm-up" : round} ${name}: ${seconds.toFixed(2)} s, CPU ${used.toFixed(2)} s`);
      if (round === 0) continue;
      clock.get(name)?.push(seconds);
      cpu.get(name)?.push(used);
    }
  }
  return { clock, cpu };
}

/** CPU time of this process's ended children and their ended children. 0 without /proc. */
function cpuSecondsOfChildren(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}

export const timesOf = (times: Times, name: string): readonly number[] => {
  const found = times.get(name);
  if (!found) throw new Error(`${name} was not measured`);
  return found;
};

/** One candidate's time divided by another's, round by round. */
export function ratios(times: Times, one: string, another: string): number[] {
  const others = timesOf(times, another);
  return timesOf(times, one).map((seconds, round) => seconds / (others[round] ?? Number.NaN));
}

/** The same as text: median (min to max). */
export function ratio(times: Times, one: string, another: string): string {
  const all = ratios(times, one, another);
  return `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)})`;
}

export const medianSeconds = (times: Times, name: string): string => median(timesOf(times, name)).toFixed(2);
