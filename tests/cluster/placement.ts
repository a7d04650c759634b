import type { ControlPlane } from "../harness/kubernetes/controlPlane.ts";
import type { KubernetesApi, KubernetesObject } from "../harness/kubernetes/kubernetesApi.ts";

export const isReady = (pod: KubernetesObject): boolean =>
  pod.status.conditions?.some((c: { type: string; status: string }) => c.type === "Ready" && c.status === "True") ===
  true;

/** Pods of the stack by workload: `write`, `read`, `backend`, `gateway`, the caches, and `alloy`. */
export async function podsByWorkload(cluster: ControlPlane): Promise<Map<string, KubernetesObject[]>> {
  const pods = await cluster.api.list("/api/v1/namespaces/logging/pods");
  return Map.groupBy(pods, ({ metadata: { labels = {} } }) =>
    labels["app.kubernetes.io/instance"] === "alloy" ? "alloy" : (labels["app.kubernetes.io/component"] ?? "unknown"),
  );
}

/** Secrets that a pod mounts or takes its environment from. */
export const secretsOf = (pod: KubernetesObject): string[] => [
  ...pod.spec.containers.flatMap((container: { envFrom?: Array<{ secretRef?: { name: string } }> }) =>
    (container.envFrom ?? []).flatMap(({ secretRef }) => (secretRef ? [secretRef.name] : [])),
  ),
  ...(pod.spec.volumes ?? []).flatMap((volume: { secret?: { secretName: string } }) =>
    volume.secret ? [volume.secret.secretName] : [],
  ),
];

/** Lets no new pod onto the logging nodes, or allows them again. */
export async function cordon(api: KubernetesApi, unschedulable: boolean): Promise<void> {
  const nodes = (await api.list("/api/v1/nodes")).filter(({ metadata }) => metadata.labels?.workload === "logging");
  await Promise.all(
    nodes.map(async ({ metadata: { name } }) => {
      const node = (await api.get(`/api/v1/nodes/${name}`)) as (typeof nodes)[number];
      await api.call("PUT", `/api/v1/nodes/${name}`, { ...node, spec: { ...node.spec, unschedulable } });
    }),
  );
}
