import { isDeepStrictEqual } from "node:util";
import type { Fields } from "../manifest.ts";
import { containerPairs, counterpart, pairsOf, titleOf, type Workload } from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

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
