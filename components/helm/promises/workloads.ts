import { isDeepStrictEqual } from "node:util";
import { checkCapacity, formatCapacity, type Workload as Sized } from "../../nodePool/capacity.ts";
import { requested } from "../../quantities.ts";
import type { Fields, Manifest } from "../manifest.ts";
import {
  containerPairs,
  contains,
  counterpart,
  pairsOf,
  shown,
  titleOf,
  type Workload,
  workloadsOf,
} from "./objects.ts";
import type { Breach, PromiseName, Sides } from "./promise.ts";

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"];

/** Every probe of the stack is there, and asks the same. Its times may differ. */
export const probes = ({ own, given }: Sides): Breach[] =>
  pairsOf(own, given).flatMap((pair) =>
    containerPairs(pair).flatMap(({ own: before, given: now }) =>
      PROBES.filter((probe) => before[probe] && !isDeepStrictEqual(asked(before[probe]), asked(now[probe]))).map(
        (probe) => ({
          promise: "probes" as const,
          object: pair.given.title,
          text: `container ${before.name} has another ${probe}, or none`,
          fix: "change the times of the probe alone; or promisesGivenUp: [probes]",
        }),
      ),
    ),
  );

const asked = (probe: Fields): unknown => probe && [probe.httpGet, probe.exec, probe.tcpSocket, probe.grpc];

/** StatefulSets keep their volume claims, and Kubernetes keeps the claims. */
export const disks = ({ own, given }: Sides): Breach[] => {
  const breach = (object: string, text: string, fix: string): Breach => ({ promise: "disks", object, text, fix });
  return pairsOf(own, given).flatMap(({ own: before, given: now }) => {
    const [old, new_]: Fields[] = [before.object.spec, now.object.spec];
    const lost = (old.volumeClaimTemplates ?? []).filter(
      (claim: Fields) =>
        !(new_.volumeClaimTemplates ?? []).some(
          (other: Fields) => other.metadata.name === claim.metadata.name && isDeepStrictEqual(other.spec, claim.spec),
        ),
    );
    const policy = new_.persistentVolumeClaimRetentionPolicy ?? {};
    const deletes = ["whenDeleted", "whenScaled"].filter(
      (when) => policy[when] === "Delete" && old.persistentVolumeClaimRetentionPolicy?.[when] !== "Delete",
    );
    return [
      ...lost.map(({ metadata }: Fields) =>
        breach(
          now.title,
          `has another volume claim ${metadata.name}, or none`,
          "loki.write.diskSizeGiB, loki.backend.diskSizeGiB and loki.storage.storageClass set the disks",
        ),
      ),
      ...(deletes.length > 0
        ? [
            breach(
              now.title,
              `Kubernetes deletes its volumes (${deletes.join(", ")}: Delete)`,
              "remove it; docs/operations.md takes a cluster away step by step",
            ),
          ]
        : []),
    ];
  });
};

/** A pod that stops has the time to store its lines, and a drain takes one pod at a time. */
export const gracefulStops = ({ own, given }: Sides): Breach[] => {
  const breach = (object: string, text: string): Breach => ({
    promise: "durability",
    object,
    text,
    fix: "remove it, or raise the value",
  });
  const grace = ({ pod }: Workload): number => pod.terminationGracePeriodSeconds ?? 30;
  const budgets = own.filter(({ kind }) => kind === "PodDisruptionBudget");
  return [
    ...pairsOf(own, given)
      .filter((pair) => grace(pair.given) < grace(pair.own))
      .map((pair) =>
        breach(pair.given.title, `is stopped after ${grace(pair.given)} s instead of ${grace(pair.own)} s`),
      ),
    ...budgets
      .filter((budget) => !isDeepStrictEqual((counterpart(budget, given) as Fields)?.spec, budget.spec))
      .map((budget) => breach(titleOf(budget), "is another disruption budget, or none")),
  ];
};

/** Loki's pods run on the logging pool, each on a host of its kind, and fit on it. */
export const capacity = (sides: Sides): Breach[] => [...placement(sides), ...room(sides)];

const capacityBreach = (object: string, text: string, fix: string, promise: PromiseName = "capacity"): Breach => ({
  promise,
  object,
  text,
  fix,
});

function placement({ own, given }: Sides): Breach[] {
  return pairsOf(own, given)
    .filter((pair) => pair.own.object.kind !== "DaemonSet")
    .flatMap(({ own: before, given: now }) => {
      const found: Breach[] = [];
      const scaler: Fields = scalerOf(now.object, given);
      const [replicas, wanted] = [now.object, before.object].map((object: Fields) => object.spec.replicas);
      const least = scaler && (scaler.spec.minReplicas ?? scaler.spec.minReplicaCount ?? 1);
      if (least < wanted)
        found.push(
          capacityBreach(
            now.title,
            `is scaled down to ${least} pods, from ${wanted}`,
            "raise its least number of pods to the argument of its replicas in loki",
            "durability",
          ),
        );
      if (!scaler && replicas !== wanted)
        found.push(
          capacityBreach(
            now.title,
            `has ${shown(replicas)} pods instead of ${shown(wanted)}`,
            "set the argument of its replicas in loki",
          ),
        );
      if (!isDeepStrictEqual(before.pod.nodeSelector, now.pod.nodeSelector))
        found.push(
          capacityBreach(now.title, `runs on nodes with ${shown(now.pod.nodeSelector)}`, "set nodePool.label"),
        );
      if ((before.pod.tolerations ?? []).some((entry: unknown) => !contains(now.pod.tolerations, entry)))
        found.push(capacityBreach(now.title, "does not tolerate the taint of the logging pool", "set nodePool.taint"));
      const apart = before.pod.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      const now_ = now.pod.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      if (apart.some((term: unknown) => !contains(now_, term)))
        found.push(
          capacityBreach(
            now.title,
            "its pods may share a host, and be lost with it",
            "keep the chart's podAntiAffinity beside your own rules",
            "durability",
          ),
        );
      return found;
    });
}

function room({ own, given, pool }: Sides): Breach[] {
  if (!pool) return [];
  const [before, after] = [sized(own), sized(given)];
  if (isDeepStrictEqual(before, after)) return [];
  const report = checkCapacity(pool, after.agent, after.workloads);
  return report.fits
    ? []
    : [
        capacityBreach(
          "the logging pool",
          `these may not fit: ${report.unplaced.join(", ")}\n${formatCapacity(report)}`,
          "raise nodePool.maxCount, choose a larger vmSize, or lower replicas and requests",
        ),
      ];
}

/** What the scheduler sees of both releases. Pods that may run outside of the pool do not count. */
function sized(objects: readonly Manifest[]): { agent: { cpu: number; memory: number }; workloads: Sized[] } {
  const all = workloadsOf(objects);
  const agents = all.filter(({ object }) => object.kind === "DaemonSet").map(podRequests);
  const workloads = all
    .filter(({ object, pod }) => ["StatefulSet", "Deployment"].includes(object.kind) && pod.nodeSelector)
    .map((workload): Sized => {
      const { object, pod } = workload;
      const { spec } = object as Fields;
      const scaler: Fields = scalerOf(object, objects);
      return {
        name: object.metadata.name.replace(/^loki-/, ""),
        replicas: scaler?.spec.maxReplicas ?? scaler?.spec.maxReplicaCount ?? spec.replicas ?? 1,
        ...podRequests(workload),
        onePerHost: Boolean(pod.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
        disks: (spec.volumeClaimTemplates ?? []).length,
      };
    });
  return { agent: total(agents), workloads };
}

const scalerOf = ({ kind, metadata }: Manifest, objects: readonly Manifest[]): Manifest | undefined =>
  objects.find(({ kind: scaler, spec }) => {
    const { name, kind: target = "Deployment" } = (spec as Fields)?.scaleTargetRef ?? {};
    return ["HorizontalPodAutoscaler", "ScaledObject"].includes(scaler) && name === metadata.name && target === kind;
  });

/** A container that requests nothing counts as nothing: the scheduler sees it so too. */
const podRequests = ({ pod }: Workload): { cpu: number; memory: number } =>
  total(
    (pod.containers as Fields[]).map(({ resources }) =>
      requested({ requests: { cpu: of(resources, "cpu"), memory: of(resources, "memory") } }),
    ),
  );

/** Without a request, Kubernetes takes the limit. */
const of = (resources: Fields, quantity: string): string =>
  String(resources?.requests?.[quantity] ?? resources?.limits?.[quantity] ?? "0");

const total = (list: ReadonlyArray<{ cpu: number; memory: number }>): { cpu: number; memory: number } => ({
  cpu: list.reduce((sum, { cpu }) => sum + cpu, 0),
  memory: list.reduce((sum, { memory }) => sum + memory, 0),
});
