import { readFileSync } from "node:fs";

/** Something whose time is taken. */
export interface Contestant {
  readonly name: string;
  /** Does it once, in processes of its own. @returns seconds. */
  run(): Promise<number>;
}

/** Seconds by contestant's name, one for each round. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** What rounds took. */
export interface Measured {
  /** On the clock. */
  readonly clock: Times;
  /** Of processors, by all processes together: what else the machine does is in it far less. */
  readonly processor: Times;
}

/**
 * All of them in turn, again and again: whatever else the machine does meanwhile then happens to all. What comes before the first
 * round fills the caches, and does not count; without `warmUp` there is no such.
 */
export async function rounds(
  contestants: readonly Contestant[],
  count: number,
  { warmUp = true } = {},
): Promise<Measured> {
  const empty = () => new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  const [clock, processor] = [empty(), empty()];
  for (let round = warmUp ? 0 : 1; round <= count; round++) {
    for (const { name, run } of contestants) {
      const before = processorSeconds();
      const seconds = await run();
      const used = processorSeconds() - before;
      console.log(
        `  ${round === 0 ? "before" : round} ${name}: ${seconds.toFixed(2)} s, processor ${used.toFixed(2)} s`,
      );
      if (round === 0) continue;
      clock.get(name)?.push(seconds);
      processor.get(name)?.push(used);
    }
  }
  return { clock, processor };
}

/** Of all processes that this one started and that have ended, and of theirs. 0 where there is no /proc. */
function processorSeconds(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}

export const of = (times: Times, name: string): readonly number[] => {
  const found = times.get(name);
  if (!found) throw new Error(`nothing was measured of ${name}`);
  return found;
};

/** One's time to another's, round by round. */
export function ratios(times: Times, one: string, another: string): number[] {
  const others = of(times, another);
  return of(times, one).map((seconds, round) => seconds / (others[round] ?? Number.NaN));
}

/** The same as text: median (min to max). */
export function ratio(times: Times, one: string, another: string): string {
  const all = ratios(times, one, another);
  return `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)})`;
}

/** What one takes longer than another, round by round: the median, in seconds. */
export function difference(times: Times, one: string, another: string): string {
  const others = of(times, another);
  const gained = median(of(times, one).map((seconds, round) => seconds - (others[round] ?? Number.NaN)));
  return `${gained < 0 ? "−" : "+"}${Math.abs(gained).toFixed(2)}`;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export const seconds = (numbers: readonly number[]): string => median(numbers).toFixed(2);
