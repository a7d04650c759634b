import type { Finding } from "../../components/findings.ts";

/** How much a change can hurt, from nothing to lost data. */
export const LEVELS = ["safe", "restarts", "disruptive", "destructive"] as const;
export type Level = (typeof LEVELS)[number];

/** A finding of the change report. */
export interface RatedFinding extends Omit<Finding, "fix"> {
  readonly level: Level;
  /** The step that fixes it, where there is something to fix. */
  readonly fix?: string;
}

/** The heaviest of some levels. */
export const heaviest = (levels: readonly Level[]): Level =>
  LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))] ?? "safe";

/** Heaviest first, then in the order in which they were found. */
export const byLevel = (a: RatedFinding, b: RatedFinding): number => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level);

/** `1 pod`, `3 pods`. */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
