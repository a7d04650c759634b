import {
  AppsV1Api,
  CoreV1Api,
  type KubeConfig,
  type V1ObjectMeta,
  type V1ReplicaSet,
  type V1StatefulSet,
} from "@kubernetes/client-node";
import { apiWithin } from "../cluster/clusterApi.ts";
import type { Place } from "./admission.ts";
import { hasCrashed, type PodEvidence, type PodOwner, releaseOf } from "./explainPods.ts";

/** Time that the API server has for its answers. */
const ANSWER_SECONDS = 30;
/** Lines of a crashed container's log that are shown. */
const LOG_LINES = 15;

/** Reads pods, events, claims and the logs of crashed containers of a namespace. */
export async function podEvidence(
  kube: KubeConfig,
  place: Place,
  signal = AbortSignal.timeout(ANSWER_SECONDS * 1000),
): Promise<PodEvidence> {
  const { namespace } = place;
  const core = apiWithin(kube, CoreV1Api, signal);
  const [pods, events, claims, owners] = await Promise.all([
    core.listNamespacedPod({ namespace }),
    core.listNamespacedEvent({ namespace }),
    core.listNamespacedPersistentVolumeClaim({ namespace }),
    podOwners(kube, namespace, signal),
  ]);
  const crashed = pods.items.flatMap((pod) =>
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
      .filter(hasCrashed)
      .map((status) => ({
        pod: pod.metadata?.name ?? "",
        container: status.name,
        ended: status.state?.terminated !== undefined,
      })),
  );
  const logs = await Promise.all(
    crashed.map(async ({ pod, container, ended }) => {
      // The log of the run that crashed. A run that started since has logged nothing yet.
      const log = await core
        .readNamespacedPodLog({ name: pod, namespace, container, tailLines: LOG_LINES, previous: !ended })
        .catch(() => "");
      return [`${pod}/${container}`, log] as const;
    }),
  );
  return {
    ...place,
    pods: pods.items,
    events: events.items,
    claims: claims.items,
    owners,
    logs: Object.fromEntries(logs),
  };
}

async function podOwners(kube: KubeConfig, namespace: string, signal: AbortSignal): Promise<PodOwner[]> {
  const apps = apiWithin(kube, AppsV1Api, signal);
  const [sets, replicas, daemons] = await Promise.all([
    apps.listNamespacedStatefulSet({ namespace }),
    apps.listNamespacedReplicaSet({ namespace }),
    apps.listNamespacedDaemonSet({ namespace }),
  ]);
  const named = (kind: PodOwner["kind"], object: { metadata?: V1ObjectMeta }) => {
    const name = object.metadata?.name ?? "";
    const [owner] = object.metadata?.ownerReferences ?? [];
    const workload = owner ? `${owner.kind}/${owner.name}` : `${kind}/${name}`;
    return { kind, name, workload: workload.toLowerCase(), release: releaseOf(object) };
  };
  const counted =
    (kind: "StatefulSet" | "ReplicaSet") =>
    (object: V1StatefulSet | V1ReplicaSet): PodOwner => ({
      ...named(kind, object),
      wanted: object.spec?.replicas ?? 1,
      made: object.status?.replicas ?? 0,
    });
  return [
    ...sets.items.map(counted("StatefulSet")),
    ...replicas.items.map(counted("ReplicaSet")),
    ...daemons.items.map(
      (object): PodOwner => ({
        ...named("DaemonSet", object),
        wanted: object.status?.desiredNumberScheduled ?? 0,
        made: object.status?.currentNumberScheduled ?? 0,
      }),
    ),
  ];
}
