import { createHash } from "node:crypto";
import { type AksCluster, parseAksResourceId } from "../cluster/args.ts";
import type { CreatedPool, NodePool } from "./args.ts";
import type { PoolSize } from "./capacity.ts";
import { AZURE_VM_SIZES } from "./vmSizes.ts";

/** Label and taint of a created pool. Loki's pods select the label and tolerate the taint. */
export const LOGGING_WORKLOAD = { key: "workload", value: "logging", effect: "NoSchedule" } as const;

/** A Kubernetes toleration. */
export type Toleration = { key: string; operator: "Equal"; value: string; effect: string };

/** Where Loki's pods go. */
export interface Placement {
  readonly mode: NodePool["mode"];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  /** The pool at its largest. Absent if its size is unknown. */
  readonly size?: PoolSize;
  /** Present in mode `create`. */
  readonly created?: CreatedPool & { readonly cluster: AksCluster; readonly poolName: string };
}

/**
 * Where Loki's pods go. Needs checked arguments.
 *
 * @throws {Error} in mode `create` if `cluster.resourceId` is not the ID of an AKS cluster.
 */
export function placementOf(pool: NodePool, cluster: { resourceId?: string | undefined }): Placement {
  const size = poolSize(pool);
  switch (pool.mode) {
    case "none":
      return { mode: "none", nodeSelector: {}, tolerations: [] };
    case "existing":
      return {
        mode: "existing",
        nodeSelector: { [pool.label.key]: pool.label.value },
        tolerations: [...(pool.taint ? [pool.taint] : []), ...pool.taints].map(toleration),
        ...(size && { size }),
      };
    case "create": {
      const { mode, vmCapacity: _, ...created } = pool;
      const aks = parseAksResourceId(cluster.resourceId ?? "");
      if (!aks) throw new Error("nodePool.mode is create, but cluster.resourceId is not the ID of an AKS cluster");
      return {
        mode,
        nodeSelector: { [LOGGING_WORKLOAD.key]: LOGGING_WORKLOAD.value },
        tolerations: [toleration(LOGGING_WORKLOAD)],
        created: { ...created, poolName: nodePoolName(created), cluster: aks },
        ...(size && { size }),
      };
    }
  }
}

const toleration = ({ key, value, effect }: Omit<Toleration, "operator">): Toleration => ({
  key,
  operator: "Equal",
  value,
  effect,
});

/** The pool at its largest, or `undefined` if its size is unknown. */
export function poolSize(pool: NodePool): PoolSize | undefined {
  const described = pool.mode === "existing" ? pool.capacity : pool.mode === "create" ? pool : undefined;
  const vm = described && (described.vmCapacity ?? AZURE_VM_SIZES.get(described.vmSize));
  return vm && { vm, maxPods: described.maxPods, nodes: described.maxCount };
}

/**
 * The pool's name: `log` and a hash of everything that Azure refuses to change on a pool (`PropertyChangeNotAllowed`). A change of one of
 * these changes the name. Pulumi then creates the new pool first and deletes the old one last. With a fixed name, the two pools could not
 * exist side by side, and an update in place would fail half-way. Azure allows at most 12 lower-case letters and digits.
 */
export function nodePoolName(
  pool: Pick<
    CreatedPool,
    "vmSize" | "subnetId" | "podSubnetId" | "zones" | "maxPods" | "osDiskType" | "osDiskSizeGiB" | "containerLogs"
  >,
): string {
  const { vmSize, subnetId, podSubnetId, zones, maxPods, osDiskType, osDiskSizeGiB, containerLogs } = pool;
  const immutable = [
    vmSize,
    subnetId,
    podSubnetId ?? "",
    zones.toSorted(),
    maxPods,
    osDiskType,
    osDiskSizeGiB,
    containerLogs.maxSizeMb,
    containerLogs.maxFiles,
  ];
  return `log${createHash("sha256").update(JSON.stringify(immutable)).digest("hex").slice(0, 8)}`;
}
