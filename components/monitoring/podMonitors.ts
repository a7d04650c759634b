import { JOURNAL_METRICS } from "../alloy/journal/container.ts";
import type { ResolvedArgs } from "../args.ts";
import { ALLOY_RELEASE, LOKI_RELEASE } from "../releaseNames.ts";
import type { Alerting } from "./args.ts";

/** API group of the PodMonitors, by the kind of Prometheus. */
export const MONITOR_GROUPS = {
  prometheusOperator: "monitoring.coreos.com",
  azureManagedPrometheus: "azmonitoring.coreos.com",
} as const satisfies Record<Alerting["kind"], string>;

/** Version of both API groups. */
export const MONITOR_VERSION = "v1";

/** Kinds that the cluster needs, by the kind of Prometheus. */
export const MONITOR_KINDS = {
  prometheusOperator: ["PodMonitor", "PrometheusRule"],
  azureManagedPrometheus: ["PodMonitor"],
} as const satisfies Record<Alerting["kind"], readonly string[]>;

/** Azure's collector drops a whole target that has no such limits, and one that exceeds them, without an error. */
const AZURE_LIMITS = { labelLimit: 63, labelNameLengthLimit: 511, labelValueLengthLimit: 1023 };

/**
 * What is scraped, by the name of its release: Loki's pods, the gateway's exporter, memcached's and the canary have a port `http-metrics`,
 * and Alloy's OTel engine has a port `metrics`. A pod without the port is left out.
 */
const portsOf = ({ journal }: ResolvedArgs["alloy"]) => ({
  [LOKI_RELEASE]: ["http-metrics"],
  [ALLOY_RELEASE]: ["metrics", ...(journal.units.length > 0 ? [JOURNAL_METRICS] : [])],
});

/**
 * PodMonitors by the name of what they scrape. They give every series the labels `cluster`, `node` and `component`, which the alerts use.
 * https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor
 */
export function podMonitorSpecs(
  { alloy, cluster }: Pick<ResolvedArgs, "alloy" | "cluster">,
  { kind, scrapeSeconds }: Alerting,
) {
  const relabelings = [
    // Prometheus may watch several clusters.
    { targetLabel: "cluster", replacement: cluster.name },
    { sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" },
    { sourceLabels: ["__meta_kubernetes_pod_label_app_kubernetes_io_component"], targetLabel: "component" },
  ];
  return Object.fromEntries(
    Object.entries(portsOf(alloy)).map(([release, ports]) => [
      release,
      {
        selector: { matchLabels: { "app.kubernetes.io/instance": release } },
        podMetricsEndpoints: ports.map((port) => ({
          port,
          path: "/metrics",
          interval: `${scrapeSeconds}s`,
          relabelings,
        })),
        ...(kind === "azureManagedPrometheus" && AZURE_LIMITS),
      },
    ]),
  );
}
