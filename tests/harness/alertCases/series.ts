// Series of the platform, and how they look when something is slow.
import type { AlertCase, Series } from "./alertCase.ts";

export const HERE = 'cluster="prod-aks-a", namespace="logging"';

/** Labels of the Alloy on a node. */
export const alloyOf = (node: string): string => `${HERE}, container="alloy", node="node-${node}", pod="alloy-${node}"`;

export const ALLOY = alloyOf("1");

/** The labels of an alert on that node. */
export const NODE = { node: "node-1" };

export const EVENTS = `${HERE}, container="alloy", component="events", node="node-1", pod="alloy-events-1"`;

export const WRITER = `${HERE}, component="write", pod="loki-write-0"`;

/** One series, with values that make the alert fire and values that do not. */
export const oneSeries = (series: string, fires: string, silent: string): Pick<AlertCase, "fires" | "silent"> => ({
  fires: { [series]: fires },
  silent: { [series]: silent },
});

/**
 * A histogram with all its requests of a minute.
 *
 * @param bounds Bounds of its buckets, in seconds.
 * @param taken The bound that every request takes less than. Without it, they take longer than all bounds.
 */
export const latency = (
  metric: string,
  more: string,
  bounds: readonly number[],
  taken = Number.POSITIVE_INFINITY,
): Series =>
  Object.fromEntries(
    [...bounds, Number.POSITIVE_INFINITY].map((bound) => [
      `${metric}_bucket{${HERE}, ${more}le="${bound === Number.POSITIVE_INFINITY ? "+Inf" : bound}"}`,
      bound >= taken ? "0+60x60" : "0x60",
    ]),
  );

/**
 * A histogram whose requests take longer than it can tell apart, and one whose requests are fast.
 *
 * @param longest The largest of its bounds.
 */
export const slow = (metric: string, more: string, longest: number): AlertCase => ({
  fires: latency(metric, more, [0.5, longest]),
  silent: latency(metric, more, [0.5, longest], 0.5),
  minutes: 40,
});
