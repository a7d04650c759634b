import { isDeepStrictEqual } from "node:util";
import { admitted, type Safeguards } from "../../cluster/safeguards.ts";
import { checkCapacity, formatCapacity, type Workload as Sized } from "../../nodePool/capacity.ts";
import { type Quantities, requested } from "../../quantities.ts";
import type { Fields, Manifest } from "../manifest.ts";
import { contains, pairsOf, shown, type Workload, workloadsOf } from "./objects.ts";
import type { Breach, PromiseName, Sides } from "./promise.ts";

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

function room({ own, given, beside, pool, safeguards }: Sides): Breach[] {
  if (!pool) return [];
  const [before, after] = [sized([...own, ...beside], safeguards), sized([...given, ...beside], safeguards)];
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

/** What the scheduler sees of the objects. Pods that may run outside of the pool do not count. */
function sized(objects: readonly Manifest[], safeguards: Safeguards): { agent: Quantities; workloads: Sized[] } {
  const all = workloadsOf(objects);
  const agents = all
    .filter(({ object }) => object.kind === "DaemonSet")
    .map((workload) => podRequests(workload, safeguards));
  const workloads = all
    .filter(({ object, pod }) => ["StatefulSet", "Deployment"].includes(object.kind) && pod.nodeSelector)
    .map((workload): Sized => {
      const { object, pod } = workload;
      const { spec } = object as Fields;
      const scaler: Fields = scalerOf(object, objects);
      return {
        name: object.metadata.name.replace(/^loki-/, ""),
        replicas: scaler?.spec.maxReplicas ?? scaler?.spec.maxReplicaCount ?? spec.replicas ?? 1,
        ...podRequests(workload, safeguards),
        onePerHost: Boolean(pod.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
        disks: [...(spec.volumeClaimTemplates ?? []), ...claimed(pod)].length,
      };
    });
  return { agent: total(agents), workloads };
}

const claimed = ({ volumes = [] }: Fields): Fields[] =>
  volumes.filter(({ persistentVolumeClaim }: Fields) => persistentVolumeClaim !== undefined);

const scalerOf = ({ kind, metadata }: Manifest, objects: readonly Manifest[]): Manifest | undefined =>
  objects.find(({ kind: scaler, spec }) => {
    const { name, kind: target = "Deployment" } = (spec as Fields)?.scaleTargetRef ?? {};
    return ["HorizontalPodAutoscaler", "ScaledObject"].includes(scaler) && name === metadata.name && target === kind;
  });

/** A container that requests nothing counts as nothing: the scheduler sees it so too. */
const podRequests = ({ pod }: Workload, safeguards: Safeguards): Quantities =>
  total(
    (pod.containers as Fields[]).map(({ resources }) =>
      admitted(safeguards)(requested({ requests: { cpu: of(resources, "cpu"), memory: of(resources, "memory") } })),
    ),
  );

/** Without a request, Kubernetes takes the limit. */
const of = (resources: Fields, quantity: string): string =>
  String(resources?.requests?.[quantity] ?? resources?.limits?.[quantity] ?? "0");

const total = (list: readonly Quantities[]): Quantities => ({
  cpu: list.reduce((sum, { cpu }) => sum + cpu, 0),
  memory: list.reduce((sum, { memory }) => sum + memory, 0),
});
