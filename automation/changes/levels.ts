import type { Finding } from "../../components/findings.ts";

/** How much harm a change can do, from none to lost data. */
export const LEVELS = ["safe", "restarts", "disruptive", "destructive"] as const;
export type Level = (typeof LEVELS)[number];

/** A finding of the change report. */
export interface RatedFinding extends Omit<Finding, "fix"> {
  readonly level: Level;
  /** The step that fixes it, where there is something to fix. */
  readonly fix?: string;
}

/** The heaviest of several levels; `safe` of none. */
export const heaviest = (levels: readonly Level[]): Level =>
  LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))] ?? "safe";

/** Sorts the heaviest first. Findings of one level keep their order. */
export const byLevel = (a: RatedFinding, b: RatedFinding): number => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level);
