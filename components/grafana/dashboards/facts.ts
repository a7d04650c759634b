import type { ResolvedArgs } from "../../args.ts";
import { type Expressions, expressions } from "../../monitoring/expressions.ts";
import type { Thresholds } from "../../monitoring/thresholds.ts";
import { thresholdsArgs } from "../../monitoring/thresholds.ts";

/** What the dashboards are made from. Nothing in it names a cluster other than the one that is shown first. */
export interface DashboardFacts {
  /** The cluster that is shown first. Another one can be chosen, if Prometheus and Loki know it. */
  readonly cluster: string;
  readonly namespace: string;
  /** Label matchers of everything that the PodMonitors scrape. */
  readonly here: string;
  /** The expressions that alerts use too. */
  readonly shared: Expressions;
  /** Where the alerts fire. */
  readonly thresholds: Thresholds;
  /** Address of the runbooks, if alerts have one that a browser can open. */
  readonly runbooksUrl?: string;
}

/** The facts from a stack's arguments. */
export function dashboardFacts({
  cluster,
  namespace,
  monitoring,
}: Pick<ResolvedArgs, "cluster" | "namespace" | "monitoring">): DashboardFacts {
  const here = `cluster="$cluster", namespace="${namespace}"`;
  const alerting = monitoring.kind === "none" ? undefined : monitoring;
  return {
    cluster: cluster.name,
    namespace,
    here,
    // Grafana's own range: at least four scrapes, and as long as a point on the screen.
    shared: expressions(here, namespace, () => "$__rate_interval"),
    thresholds: alerting?.thresholds ?? thresholdsArgs.parse({}),
    ...(alerting && /^https?:/.test(alerting.runbooksUrl) && { runbooksUrl: alerting.runbooksUrl }),
  };
}
