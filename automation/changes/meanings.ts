/** How much a change can hurt, from nothing to lost data. */
export const LEVELS = ["safe", "restarts", "disruptive", "destructive"] as const;
export type Level = (typeof LEVELS)[number];

/** One thing that a change means to the people who run the cluster. */
export interface Meaning {
  readonly level: Level;
  /** What it is about: an object, a resource, a setting. */
  readonly subject: string;
  readonly text: string;
  /** What to do, where something has to be done. */
  readonly fix?: string;
}

/** The heaviest of some levels. */
export const heaviest = (levels: readonly Level[]): Level =>
  LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))] ?? "safe";

/** Heaviest first, then in the order in which they were found. */
export const byLevel = (a: Meaning, b: Meaning): number => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level);

/** `1 pod`, `3 pods`. */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
