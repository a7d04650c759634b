import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { hasCrashed, type PodEvidence } from "./explainPods.ts";

/** What the Kubernetes API says of an error, in a line. */
export function apiMessage(error: unknown): string {
  const { body, message, cause } = error as { body?: unknown; message?: string; cause?: { message?: string } };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  try {
    const said = (JSON.parse(text) as { message?: string }).message;
    if (said) return said;
  } catch {}
  return [message, cause?.message].filter(Boolean).join(": ").split("\n")[0] ?? String(error);
}

const LOG_LINES = 15;

/** Reads pods, events, claims and the logs of crashed containers of a namespace. */
export async function podEvidence(kube: KubeConfig, namespace: string): Promise<PodEvidence> {
  const core = kube.makeApiClient(CoreV1Api);
  const [pods, events, claims] = await Promise.all([
    core.listNamespacedPod({ namespace }),
    core.listNamespacedEvent({ namespace }),
    core.listNamespacedPersistentVolumeClaim({ namespace }),
  ]);
  const crashed = pods.items.flatMap((pod) =>
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
      .filter(hasCrashed)
      .map((status) => ({ pod: pod.metadata?.name ?? "", container: status.name, ended: status.state?.terminated !== undefined })),
  );
  const logs = await Promise.all(
    crashed.map(async ({ pod, container, ended }) => {
      // Of the run that crashed; one that has begun since has said nothing yet.
      const log = await core
        .readNamespacedPodLog({ name: pod, namespace, container, tailLines: LOG_LINES, previous: !ended })
        .catch(() => "");
      return [`${pod}/${container}`, log] as const;
    }),
  );
  return { namespace, pods: pods.items, events: events.items, claims: claims.items, logs: Object.fromEntries(logs) };
}
