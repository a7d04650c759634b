import type { ResolvedArgs } from "../../args.ts";
import type { Expressions } from "../expressions.ts";
import type { Thresholds } from "../thresholds.ts";

/** `critical`: lines are being lost, or will be soon: wake someone. `warning`: look at it in working hours. `none`: the watchdog. */
export type Severity = "critical" | "warning" | "none";

/** One alert, independent of the kind of Prometheus. */
export interface Alert {
  /** Also the heading of its section in docs/runbooks.md. */
  readonly name: string;
  readonly severity: Severity;
  /** Minutes for which the expression has to hold. */
  readonly forMinutes: number;
  /** PromQL. */
  readonly expression: string;
  /** One sentence for a person who was asleep: what is wrong, where, and what it means for the lines. May use `$labels` and `$value`. */
  readonly summary: string;
}

/** Alerts that are evaluated together. */
export interface AlertGroup {
  /** What the alerts are about, one word. */
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** What the expressions are made from. */
export interface AlertContext {
  readonly args: ResolvedArgs;
  readonly thresholds: Thresholds;
  /** Label matchers of everything that the PodMonitors scrape. */
  readonly here: string;
  /** Those that the dashboards show too. */
  readonly shared: Expressions;
}

/**
 * A counter has risen in the last 15 minutes. Also true for a counter that appears with a value: Loki and Alloy report a reason only when
 * it has occurred, and `increase` needs a first value to compare with. Such a counter has fewer values than its pod has had scrapes. One
 * that was there before Prometheus was, or before a gap in its own data, has as many.
 *
 * @param here Label matchers of everything that the PodMonitors scrape.
 */
export const hasRisen = (counter: string, here: string): string =>
  `(increase(${counter}[15m]) > 0 or (${counter} unless ${counter} offset 15m) > 0 and count_over_time(${counter}[15m]) < on (pod) group_left () max by (pod) (sum_over_time(up{${here}}[15m])))`;
