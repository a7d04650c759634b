import { createHash } from "node:crypto";
import { type AksCluster, parseAksResourceId } from "../cluster/args.ts";
import type { CreatedPool, NodePool } from "./args.ts";
import type { PoolSize } from "./capacity.ts";
import { AZURE_VM_SIZES } from "./vmSizes.ts";

/** Label and taint of a created pool, and so the selector and toleration of every workload that belongs on it. */
export const LOGGING_WORKLOAD = { key: "workload", value: "logging", effect: "NoSchedule" } as const;

/** A Kubernetes toleration. */
export type Toleration = { key: string; operator: "Equal"; value: string; effect: string };

/** Where Loki's pods go. */
export interface Placement {
  readonly mode: NodePool["mode"];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  /** The pool at its largest; absent if nothing is known of it. */
  readonly size?: PoolSize;
  /** Present in mode `create`. */
  readonly created?: CreatedPool & { readonly cluster: AksCluster; readonly poolName: string };
}

/** Where Loki's pods go, by valid arguments. */
export function placementOf(pool: NodePool, cluster: { resourceId?: string | undefined }): Placement {
  const size = poolSize(pool);
  switch (pool.mode) {
    case "none":
      return { mode: "none", nodeSelector: {}, tolerations: [] };
    case "existing":
      return {
        mode: "existing",
        nodeSelector: { [pool.label.key]: pool.label.value },
        tolerations: pool.taint ? [toleration(pool.taint)] : [],
        ...(size && { size }),
      };
    case "create": {
      const { mode, vmCapacity: _, ...created } = pool;
      const aks = parseAksResourceId(cluster.resourceId ?? "");
      if (!aks) throw new Error("nodePool.mode is create, and cluster.resourceId is not an AKS cluster");
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

/** The pool at its largest, or `undefined` if its size is not known. */
export function poolSize(pool: NodePool): PoolSize | undefined {
  const described = pool.mode === "existing" ? pool.capacity : pool.mode === "create" ? pool : undefined;
  const vm = described && (described.vmCapacity ?? AZURE_VM_SIZES.get(described.vmSize));
  return vm && { vm, maxPods: described.maxPods, nodes: described.maxCount };
}

/**
 * `log` and a hash of everything that Azure refuses to change on a pool (`PropertyChangeNotAllowed`). A change of one of these changes
 * the name, so that the new pool is created first and the old one deleted last. Two pools cannot share a name, and an update in place
 * would fail half-way. Azure allows at most 12 lower-case letters and digits.
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
