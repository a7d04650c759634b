import type {
  CoreV1Event,
  V1ContainerStatus,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1Pod,
} from "@kubernetes/client-node";
import type { Finding } from "../../components/findings.ts";

/** What a namespace shows of its pods. */
export interface PodEvidence {
  readonly namespace: string;
  readonly pods: readonly V1Pod[];
  readonly events: readonly CoreV1Event[];
  readonly claims: readonly V1PersistentVolumeClaim[];
  /** What makes the pods. */
  readonly owners: readonly PodOwner[];
  /** Last lines by `pod/container`, of the container that crashed. */
  readonly logs: Readonly<Record<string, string>>;
}

/** What makes pods, how many it should, and how many it has made. */
export interface PodOwner {
  readonly kind: "StatefulSet" | "ReplicaSet" | "DaemonSet";
  readonly name: string;
  readonly release: string;
  readonly wanted: number;
  readonly made: number;
}

/** Waiting reasons of an image that cannot be pulled. */
const IMAGE = /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable)$/;

/** Whether a container needs its logs to be explained. One that is ready has got over it. */
export const hasCrashed = ({ state, lastState, ready }: V1ContainerStatus): boolean =>
  state?.waiting?.reason === "CrashLoopBackOff" ||
  (state?.terminated !== undefined && state.terminated.exitCode !== 0) ||
  (lastState?.terminated !== undefined && lastState.terminated.exitCode !== 0 && !ready);

/** Why each pod that is not ready is not, and why there are none. Pods that wait for the same thing are one finding. */
export function explainPods(evidence: PodEvidence): Finding[] {
  const findings = evidence.pods
    .filter((pod) => !isReady(pod))
    .map((pod) => ({ name: pod.metadata?.name ?? "", release: releaseOf(pod), ...explainPod(pod, evidence) }));
  const alike = Map.groupBy(findings, ({ release, text, fix }) => JSON.stringify([release, text, fix]));
  const notReady = [...alike.values()].map((group) => {
    const [{ release, text, fix }] = group as [(typeof findings)[number]];
    const names = group.map(({ name }) => name).sort();
    return { subject: `${names.length === 1 ? "pod" : "pods"} ${names.join(", ")} of release ${release}`, text, fix };
  });
  return [...notReady, ...evidence.owners.flatMap((owner) => refusedPods(owner, evidence))];
}

/** The release that an object belongs to, by its labels. */
export const releaseOf = ({ metadata }: { metadata?: V1ObjectMeta }): string =>
  metadata?.labels?.["app.kubernetes.io/instance"] ?? "none";

/** Pods that a quota or a policy does not allow: only the object that should create them reports it. */
function refusedPods({ kind, name, release, wanted, made }: PodOwner, { events, namespace }: PodEvidence): Finding[] {
  if (made >= wanted) return [];
  const own = events.filter(({ involvedObject }) => involvedObject.kind === kind);
  const text = lastEvent(name, own, /^FailedCreate$/)?.message?.replace("(combined from similar events): ", "");
  if (!text) return [];
  const missing = wanted - made;
  return [
    {
      subject: `${kind} ${name} of release ${release}`,
      text: `${missing} of ${wanted} pods ${missing === 1 ? "is" : "are"} not made: ${text}`,
      fix: /exceeded quota/.test(text)
        ? `kubectl -n ${namespace} describe resourcequota, and raise what is too small`
        : /webhook|denied|violates/.test(text)
          ? `have the namespace ${namespace} exempted from the policy that it names, or the policy changed (az policy assignment list)`
          : `kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}`,
    },
  ];
}

/** Ready, done, or on its way out. */
const isReady = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp !== undefined ||
  status?.phase === "Succeeded" ||
  (status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false);

function explainPod(pod: V1Pod, evidence: PodEvidence): { text: string; fix: string } {
  const name = pod.metadata?.name ?? "";
  const kubectl = `kubectl -n ${evidence.namespace}`;
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unscheduled) return unscheduledPod(pod, unscheduled.message ?? unscheduled.reason ?? "", evidence);
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of statuses) {
    const { waiting } = status.state ?? {};
    if (waiting?.reason && IMAGE.test(waiting.reason))
      return {
        text: `image ${status.image}: ${waiting.reason}${waiting.message ? `, ${waiting.message}` : ""}`,
        fix: "check images.registry and that the nodes may pull: az aks check-acr, images.pullSecrets; mirrored images keep their path",
      };
    if (waiting?.reason === "CreateContainerConfigError")
      return {
        text: `${status.name}: ${waiting.message ?? waiting.reason}`,
        fix: `make what it names, then run the deploy again; ${kubectl} describe pod ${name}`,
      };
    if (hasCrashed(status))
      return crashed(
        status,
        lastEvent(name, evidence.events, /^Unhealthy$/)?.message,
        evidence.logs[`${name}/${status.name}`],
        `${kubectl} logs ${name} -c ${status.name} --previous`,
      );
  }
  const message = lastEvent(
    name,
    evidence.events,
    /^(FailedMount|FailedAttachVolume|FailedCreatePodSandBox|Unhealthy)$/,
  );
  if (message?.reason === "Unhealthy")
    return {
      text: `runs, and is not ready: ${message.message}`,
      fix: `${kubectl} logs ${name} --tail=50: what it waits for stands there; Loki is ready once its ring is, and MinIO answers`,
    };
  if (message)
    return {
      text: `${message.reason}: ${message.message}`,
      fix: `${kubectl} describe pod ${name}; a disk can be attached only in its own zone`,
    };
  const waiting = statuses.find(({ state }) => state?.waiting)?.state?.waiting;
  return {
    text: waiting?.reason ?? `phase ${pod.status?.phase ?? "unknown"}, not ready yet`,
    fix: `${kubectl} describe pod ${name}`,
  };
}

function unscheduledPod(
  pod: V1Pod,
  message: string,
  { namespace, claims, events }: PodEvidence,
): { text: string; fix: string } {
  const claimed = (pod.spec?.volumes ?? []).map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName);
  const unbound = claims.find(({ metadata, status }) => claimed.includes(metadata?.name) && status?.phase !== "Bound");
  const text = `Pending, the scheduler reports: ${message}`;
  if (unbound && /persistentvolumeclaim|volume/i.test(message)) {
    const why = lastEvent(unbound.metadata?.name ?? "", events, /Provision|Binding/)?.message;
    return {
      text: `${text}${why ? `; claim ${unbound.metadata?.name}: ${why}` : ""}`,
      fix: `kubectl get storageclass ${unbound.spec?.storageClassName ?? ""}; loki.storage.storageClass has to be one of the cluster's`,
    };
  }
  if (/Insufficient (cpu|memory)|Too many pods/.test(message))
    return {
      text,
      fix: "raise nodePool.maxCount, choose a larger vmSize, or lower requests; npm start shows what is asked for and what the pool offers",
    };
  if (/node affinity|node selector|untolerated taint|anti-affinity|topology spread/.test(message))
    return {
      text,
      fix: "kubectl get nodes -L workload,topology.kubernetes.io/zone: the pool needs as many ready nodes as there are replicas, with the label and taint of nodePool",
    };
  return { text, fix: `kubectl -n ${namespace} describe pod ${pod.metadata?.name}` };
}

function crashed(
  status: V1ContainerStatus,
  probe: string | undefined,
  log: string | undefined,
  command: string,
): { text: string; fix: string } {
  const ended = status.lastState?.terminated ?? status.state?.terminated;
  const code = ended?.reason === "OOMKilled" ? "out of memory" : `exit code ${ended?.exitCode ?? "unknown"}`;
  // Between two crashes it runs, or is on its way to the next.
  const again = status.state?.running ? `, runs again, and is not ready${probe ? `: ${probe}` : ""}` : "";
  const lines = log?.trim() ? `; its last lines:\n${log.trim()}` : "";
  return {
    text: `${status.name} crashed ${status.restartCount === 1 ? "once" : `${status.restartCount} times`} (${code})${again}${lines}`,
    fix:
      ended?.reason === "OOMKilled"
        ? "raise its memory limit (loki.<component>.resources.limits.memory)"
        : `${command}`,
  };
}

const lastEvent = (object: string, events: readonly CoreV1Event[], reason: RegExp): CoreV1Event | undefined =>
  events
    .filter((event) => event.involvedObject.name === object && reason.test(event.reason ?? ""))
    .sort((a, b) => timeOf(a) - timeOf(b))
    .at(-1);

const timeOf = ({ lastTimestamp, eventTime, metadata }: CoreV1Event): number =>
  new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime();
