import type {
  CoreV1Event,
  V1ContainerStatus,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1Pod,
} from "@kubernetes/client-node";
import { JOURNAL_CONTAINER } from "../../components/alloy/journal/container.ts";
import type { Finding } from "../../components/findings.ts";
import {
  ALLOY_RELEASE,
  EVENTS_COMPONENT,
  GATEWAY_COMPONENT,
  LOKI_COMPONENTS,
  LOKI_RELEASE,
} from "../../components/releaseNames.ts";
import { admissionFix, type Place } from "./admission.ts";

/** The state of the pods in a namespace. */
export interface PodEvidence extends Place {
  readonly pods: readonly V1Pod[];
  readonly events: readonly CoreV1Event[];
  readonly claims: readonly V1PersistentVolumeClaim[];
  /** The objects that create the pods. */
  readonly owners: readonly PodOwner[];
  /** Last lines by `pod/container`, of the container that crashed. */
  readonly logs: Readonly<Record<string, string>>;
}

/** An object that creates pods: how many it should create, and how many it has created. */
export interface PodOwner {
  readonly kind: "StatefulSet" | "ReplicaSet" | "DaemonSet";
  readonly name: string;
  /** The workload as kubectl names it. That of a ReplicaSet is its Deployment. */
  readonly workload: string;
  readonly release: string;
  readonly wanted: number;
  readonly made: number;
}

/** A finding about one pod, before pods that wait for the same thing are put together. */
type Explanation = Omit<Finding, "subject">;

/** Waiting reasons of an image that cannot be pulled. */
const IMAGE = /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable)$/;

/** A container that crashed and needs its log to be explained. One that is ready has recovered. */
export const hasCrashed = ({ state, lastState, ready }: V1ContainerStatus): boolean =>
  state?.waiting?.reason === "CrashLoopBackOff" ||
  (state?.terminated !== undefined && state.terminated.exitCode !== 0) ||
  (lastState?.terminated !== undefined && lastState.terminated.exitCode !== 0 && !ready);

/** The words of containerd and of the kernel for an image that is not for the node's processor. */
const OTHER_PROCESSOR = /no match for platform in manifest|no matching manifest for linux|exec format error/;

const ALL_PLATFORMS =
  "mirror the image with all its platforms (az acr import does, docker pull and push do not), or keep the pod off nodes with another processor (kubectl get nodes -L kubernetes.io/arch)";

/** Explains why pods are not ready, or are not created. Pods that wait for the same thing share one finding. */
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

/** Pods that a quota or a policy refuses. Only the events of the object that should create them show the reason. */
function refusedPods({ kind, name, workload, release, wanted, made }: PodOwner, evidence: PodEvidence): Finding[] {
  const { events, namespace } = evidence;
  if (made >= wanted) return [];
  const own = events.filter(({ involvedObject }) => involvedObject.kind === kind);
  const text = lastEvent(name, own, /^FailedCreate$/)?.message?.replace("(combined from similar events): ", "");
  if (!text) return [];
  const missing = wanted - made;
  const restart = `kubectl -n ${namespace} rollout restart ${workload}`;
  // The controllers double their pauses up to 1000 s.
  const tryNow = (fix: string): string =>
    `${fix}; then ${restart}, or Kubernetes may wait minutes before it tries again`;
  return [
    {
      subject: `${kind} ${name} of release ${release}`,
      text: `${missing} of ${wanted} pods ${missing === 1 ? "is" : "are"} not created: ${text}`,
      fix: /exceeded quota/.test(text)
        ? tryNow(`kubectl -n ${namespace} describe resourcequota, and raise the quota that is too small`)
        : /webhook|denied|violates/.test(text)
          ? tryNow(admissionFix(text, evidence))
          : `kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}`,
    },
  ];
}

/** Ready, done, or being deleted. */
const isReady = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp !== undefined ||
  status?.phase === "Succeeded" ||
  (status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false);

function explainPod(pod: V1Pod, evidence: PodEvidence): Explanation {
  const name = pod.metadata?.name ?? "";
  const kubectl = `kubectl -n ${evidence.namespace}`;
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unscheduled) return unscheduledPod(pod, unscheduled.message ?? unscheduled.reason ?? "", evidence);
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of statuses) {
    const { waiting } = status.state ?? {};
    if (waiting?.reason && OTHER_PROCESSOR.test(waiting.message ?? ""))
      return { text: `image ${status.image}: ${waiting.message}`, fix: ALL_PLATFORMS };
    if (waiting?.reason && IMAGE.test(waiting.reason))
      return {
        text: `image ${status.image}: ${waiting.reason}${waiting.message ? `, ${waiting.message}` : ""}`,
        fix: "check images.registry and that the nodes may pull: az aks check-acr, images.pullSecrets; mirrored images keep their path",
      };
    if (waiting?.reason === "CreateContainerConfigError")
      return {
        text: `${status.name}: ${waiting.message ?? waiting.reason}`,
        fix: `create the object that is missing, then run the deploy again; ${kubectl} describe pod ${name}`,
      };
    if (hasCrashed(status))
      return crashed(
        status,
        lastEvent(name, evidence.events, /^Unhealthy$/)?.message,
        evidence.logs[`${name}/${status.name}`],
        `${kubectl} logs ${name} -c ${status.name} --previous`,
        memoryFix(pod, status.name),
      );
  }
  const message = lastEvent(
    name,
    evidence.events,
    /^(FailedMount|FailedAttachVolume|FailedCreatePodSandBox|Unhealthy)$/,
  );
  if (message?.reason === "Unhealthy")
    return {
      text: `runs, but is not ready: ${message.message}`,
      fix: `${kubectl} logs ${name} --tail=50 shows what it waits for${releaseOf(pod) === LOKI_RELEASE ? "; Loki is ready once its ring is complete and MinIO answers" : ""}`,
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

function unscheduledPod(pod: V1Pod, message: string, { namespace, claims, events }: PodEvidence): Explanation {
  const claimed = (pod.spec?.volumes ?? []).map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName);
  const unbound = claims.find(({ metadata, status }) => claimed.includes(metadata?.name) && status?.phase !== "Bound");
  const text = `Pending, the scheduler reports: ${message}`;
  if (unbound && /persistentvolumeclaim|volume/i.test(message)) {
    const why = lastEvent(unbound.metadata?.name ?? "", events, /Provision|Binding/)?.message;
    return {
      text: `${text}${why ? `; claim ${unbound.metadata?.name}: ${why}` : ""}`,
      fix: `kubectl get storageclass ${unbound.spec?.storageClassName ?? ""}; loki.storage.storageClass must be one of the cluster's`,
    };
  }
  if (/Insufficient (cpu|memory)|Too many pods/.test(message))
    return {
      text,
      fix: "raise nodePool.maxCount, choose a larger vmSize, or lower requests; npm start shows the requests and what the pool offers",
    };
  if (/node affinity|node selector|untolerated taint|anti-affinity|topology spread/.test(message))
    return {
      text,
      fix: `kubectl get nodes -L ${[...Object.keys(pod.spec?.nodeSelector ?? {}), "topology.kubernetes.io/zone"].join(",")}: the pool needs as many ready nodes as there are replicas, with the label of nodePool, and with no taints but those of nodePool`,
    };
  return { text, fix: `kubectl -n ${namespace} describe pod ${pod.metadata?.name}` };
}

function crashed(
  status: V1ContainerStatus,
  probe: string | undefined,
  log: string | undefined,
  command: string,
  memory: string,
): Explanation {
  const ended = status.lastState?.terminated ?? status.state?.terminated;
  const code = ended?.reason === "OOMKilled" ? "out of memory" : `exit code ${ended?.exitCode ?? "unknown"}`;
  // Between two crashes the container runs.
  const again = status.state?.running ? `, runs again, but is not ready${probe ? `: ${probe}` : ""}` : "";
  if (OTHER_PROCESSOR.test(log ?? ""))
    return { text: `${status.name} is for another processor than its node's: ${log?.trim()}`, fix: ALL_PLATFORMS };
  const lines = log?.trim() ? `; its last lines:\n${log.trim()}` : "";
  return {
    text: `${status.name} crashed ${status.restartCount === 1 ? "once" : `${status.restartCount} times`} (${code})${again}${lines}`,
    fix: ended?.reason === "OOMKilled" ? memory : command,
  };
}

/** Components of Loki whose resources are arguments of the same name. */
const SIZED: readonly string[] = [...LOKI_COMPONENTS, GATEWAY_COMPONENT];

/** Which key gives a container more memory. */
function memoryFix(pod: V1Pod, container: string): string {
  const component = pod.metadata?.labels?.["app.kubernetes.io/component"];
  if (releaseOf(pod) === ALLOY_RELEASE && container === JOURNAL_CONTAINER)
    return "collect fewer units: alloy.journal.units";
  const group =
    releaseOf(pod) !== ALLOY_RELEASE
      ? `loki.${SIZED.includes(component ?? "") ? component : "<component>"}`
      : component === EVENTS_COMPONENT
        ? "alloy.events"
        : "alloy";
  return `raise its memory limit (${group}.resources.limits.memory)`;
}

const lastEvent = (object: string, events: readonly CoreV1Event[], reason: RegExp): CoreV1Event | undefined =>
  events
    .filter((event) => event.involvedObject.name === object && reason.test(event.reason ?? ""))
    .sort((a, b) => timeOf(a) - timeOf(b))
    .at(-1);

const timeOf = ({ lastTimestamp, eventTime, metadata }: CoreV1Event): number =>
  new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime();
