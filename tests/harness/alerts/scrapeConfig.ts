import type { podMonitorSpecs } from "../../../components/monitoring/podMonitors.ts";
import type { Loose } from "../manifest.ts";
import { imageOf } from "../pods/images.ts";
import type { Pod } from "../pods/pod.ts";
import { shorter } from "../promql.ts";
import { FASTER } from "./fasterRules.ts";
import { exporterPath } from "./standInMetrics.ts";

/** Prometheus reads `-`, `.` and `/` of a label's key as `_`. */
const sanitized = (key: string): string => key.replace(/[^a-zA-Z0-9_]/g, "_");

/**
 * What Prometheus's discovery of pods finds: one target for each port of each container, with its meta labels.
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/#pod
 *
 * @param standIn address of the pages that replace exporters which do not run here.
 */
export const discovered = (pods: readonly Pod[], namespace: string, standIn: string): Loose[] =>
  pods.flatMap((pod) =>
    (pod.spec.containers as Loose[]).flatMap((container) =>
      (container.ports ?? []).map(({ name, containerPort }: Loose) => ({
        targets: [imageOf(container) ? `${pod.address}:${containerPort}` : standIn],
        labels: {
          __meta_kubernetes_namespace: namespace,
          __meta_kubernetes_pod_name: pod.name,
          __meta_kubernetes_pod_ip: pod.address,
          __meta_kubernetes_pod_node_name: pod.node,
          __meta_kubernetes_pod_container_name: container.name,
          __meta_kubernetes_pod_container_port_name: name,
          ...Object.fromEntries(
            Object.entries(pod.labels).map(([key, text]) => [`__meta_kubernetes_pod_label_${sanitized(key)}`, text]),
          ),
          ...(!imageOf(container) && { __metrics_path__: exporterPath(pod) }),
        },
      })),
    ),
  );

type PodMonitor = ReturnType<typeof podMonitorSpecs>[string];

/**
 * The job that Prometheus Operator makes of a PodMonitor, with targets in place of the discovery. The conditions and labels are the
 * operator's: https://github.com/prometheus-operator/prometheus-operator/blob/main/pkg/prometheus/promcfg.go
 */
export function podMonitorJob(name: string, namespace: string, spec: PodMonitor, targets: readonly Loose[]): Loose {
  const [endpoint] = spec.podMetricsEndpoints;
  if (!endpoint) throw new Error(`the PodMonitor ${name} has no endpoint`);
  const keep = (source: string, regex: string): Loose => ({ action: "keep", source_labels: [source], regex });
  const copy = (source: string, target: string): Loose => ({ source_labels: [source], target_label: target });
  return {
    job_name: `podMonitor/${namespace}/${name}/0`,
    scrape_interval: shorter(endpoint.interval, FASTER),
    scrape_timeout: shorter(endpoint.interval, FASTER),
    metrics_path: endpoint.path,
    static_configs: targets,
    relabel_configs: [
      ...Object.entries(spec.selector.matchLabels).map(([key, text]) =>
        keep(`__meta_kubernetes_pod_label_${sanitized(key)}`, text),
      ),
      keep("__meta_kubernetes_pod_container_port_name", endpoint.port),
      copy("__meta_kubernetes_namespace", "namespace"),
      copy("__meta_kubernetes_pod_container_name", "container"),
      copy("__meta_kubernetes_pod_name", "pod"),
      { target_label: "job", replacement: `${namespace}/${name}` },
      { target_label: "endpoint", replacement: endpoint.port },
      ...endpoint.relabelings.map((relabeling: Loose) => ({
        ...(relabeling.sourceLabels && { source_labels: relabeling.sourceLabels }),
        ...(relabeling.replacement && { replacement: relabeling.replacement }),
        target_label: relabeling.targetLabel,
      })),
    ],
  };
}
