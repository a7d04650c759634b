/** Something whose time is taken. */
export interface Contestant {
  readonly name: string;
  /** Does it once. @returns seconds. */
  run(): Promise<number>;
}

/** Seconds by contestant's name, one for each round. */
export type Times = ReadonlyMap<string, readonly number[]>;

/**
 * All of them in turn, again and again: whatever else the machine does meanwhile then happens to all. What comes before the first
 * round fills the caches, and does not count.
 */
export async function rounds(contestants: readonly Contestant[], count: number): Promise<Times> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= count; round++) {
    for (const { name, run } of contestants) {
      const seconds = await run();
      if (round > 0) times.get(name)?.push(seconds);
      console.log(`  ${round === 0 ? "before" : round} ${name}: ${seconds.toFixed(2)} s`);
    }
  }
  return times;
}

export const of = (times: Times, name: string): readonly number[] => {
  const found = times.get(name);
  if (!found) throw new Error(`nothing was measured of ${name}`);
  return found;
};

/** One's time to another's, round by round: median (min to max). */
export function ratio(times: Times, one: string, another: string): string {
  const others = of(times, another);
  const ratios = of(times, one).map((seconds, round) => seconds / (others[round] ?? Number.NaN));
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
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
