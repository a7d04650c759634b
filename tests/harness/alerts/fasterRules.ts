import type { prometheusRuleSpec } from "../../../components/monitoring/rules.ts";
import { shorter, withShorterDurations } from "../promql.ts";

/**
 * How many times faster than in a cluster alerts are here. Every duration of Prometheus is divided by it: each rule's `for`, its ranges
 * and offsets, and the times between scrapes and between evaluations. Loki, Alloy and the canary keep their own times. With a larger
 * factor, ranges would be shorter than the pauses in which Loki tries again.
 */
export const FASTER = 10;

/** Seconds between two evaluations in a cluster, by Prometheus Operator's default. */
const EVALUATION_SECONDS = 30;

/** How far Prometheus looks back for a value by default, seconds. */
const LOOKBACK_SECONDS = 300;

/** The times that are not in the rules, as Prometheus reads them. */
export const FASTER_TIMES = {
  evaluation: shorter(`${EVALUATION_SECONDS}s`, FASTER),
  lookback: shorter(`${LOOKBACK_SECONDS}s`, FASTER),
};

/** Rules in Prometheus's own format. */
type Rules = ReturnType<typeof prometheusRuleSpec>;

/** The rules of a stack, in the tier's time. Expressions, thresholds, labels and texts are the same. */
export const fasterRules = ({ groups }: Rules): Rules => ({
  groups: groups.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ({
      ...rule,
      expr: withShorterDurations(rule.expr, FASTER),
      ...(rule.for !== undefined && { for: shorter(rule.for, FASTER) }),
    })),
  })),
});
