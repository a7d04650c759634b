import { createHash } from "node:crypto";
import { AgentPool } from "@pulumi/azure-native/containerservice/agentPool.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Findings } from "../findings.ts";
import { isLabelKey, isLabelValue } from "../kubernetesNames.ts";
import type { ClusterArgs, CreatedNodePoolArgs, NodePoolArgs, VmCapacityArgs } from "../loggingStackArgs.ts";
import type { PoolSize } from "./capacity.ts";
import { AZURE_VM_SIZES } from "./vmSizes.ts";

/** Label and taint of a created pool, and so the selector and toleration of every workload that belongs on it. */
export const LOGGING_WORKLOAD = { key: "workload", value: "logging", effect: "NoSchedule" } as const;

/** A Kubernetes toleration. */
export type Toleration = { key: string; operator: "Equal"; value: string; effect: string };

/** The AKS cluster in Azure. */
export interface AksCluster {
  readonly subscriptionId: string;
  readonly resourceGroupName: string;
  readonly resourceName: string;
}

/** Where Loki's pods go. */
export interface ResolvedNodePool {
  readonly mode: NodePoolArgs["mode"];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  /** The pool at its largest; absent where nothing is known of it. */
  readonly size?: PoolSize;
  /** Present in mode `create`. */
  readonly created?: ResolvedCreatedPool;
}

const ZONES = ["1", "2", "3"];

interface ResolvedCreatedPool
  extends Required<Omit<CreatedNodePoolArgs, "mode" | "podSubnetId" | "vmCapacity" | "containerLogs">> {
  readonly podSubnetId?: string;
  readonly containerLogs: { maxSizeMb: number; maxFiles: number };
  readonly cluster: AksCluster;
  readonly poolName: string;
}

/** Defaults and checks of the node pool. */
export function resolveNodePool(args: NodePoolArgs, cluster: ClusterArgs, findings: Findings): ResolvedNodePool {
  switch (args.mode) {
    case "none":
      findings.warn(
        "nodePool.mode is none: Loki shares nodes with applications, and whether its pods fit is not checked.",
      );
      return { mode: "none", nodeSelector: {}, tolerations: [] };
    case "existing": {
      const { capacity, taint } = args;
      checkLabelKey(args.label.key, "nodePool.label.key", findings);
      checkLabelValue(args.label.value, "nodePool.label.value", findings);
      if (taint) {
        findings.check(isLabelKey(taint.key), {
          subject: "nodePool.taint.key",
          given: taint.key,
          text: "a taint key: letters, digits, -, _ and ., 63 at most, with or without a prefix and /",
          fix: "write key and value apart: az aks nodepool show prints them as key=value:effect",
        });
        checkLabelValue(taint.value, "nodePool.taint.value", findings);
      }
      if (!capacity)
        findings.warn("nodePool.capacity is not given: whether Loki's pods fit on the existing pool is not checked.");
      const size = capacity && poolSize(capacity, capacity.maxPods ?? 110, "nodePool.capacity", findings);
      return {
        mode: "existing",
        nodeSelector: { [args.label.key]: args.label.value },
        tolerations: taint ? [{ key: taint.key, operator: "Equal", value: taint.value, effect: taint.effect }] : [],
        ...(size && { size }),
      };
    }
    case "create": {
      const created = resolveCreatedPool(args, cluster, findings);
      const size = poolSize(args, created.maxPods, "nodePool", findings);
      const { key, value, effect } = LOGGING_WORKLOAD;
      return {
        mode: "create",
        nodeSelector: { [key]: value },
        tolerations: [{ key, operator: "Equal", value, effect }],
        created,
        ...(size && { size }),
      };
    }
  }
}

function resolveCreatedPool(args: CreatedNodePoolArgs, cluster: ClusterArgs, findings: Findings): ResolvedCreatedPool {
  const settings = {
    vmSize: args.vmSize,
    subnetId: args.subnetId,
    ...(args.podSubnetId && { podSubnetId: args.podSubnetId }),
    zones: args.zones ?? ZONES,
    // 60 instead of AKS's 110 or 250: a logging node runs about 15 pods, and the kubelet reserves 20 MB for each possible one.
    maxPods: args.maxPods ?? 60,
    osSku: args.osSku ?? "Ubuntu",
    osDiskType: args.osDiskType ?? "Managed",
    osDiskSizeGiB: args.osDiskSizeGiB ?? 128,
    // AKS's own defaults, written out: the loss budget is computed from them, and a change means a new pool.
    containerLogs: { maxSizeMb: args.containerLogs?.maxSizeMb ?? 50, maxFiles: args.containerLogs?.maxFiles ?? 5 },
    minCount: args.minCount,
    maxCount: args.maxCount,
    maxSurge: args.maxSurge ?? "1",
    drainTimeoutMinutes: args.drainTimeoutMinutes ?? 30,
    tags: args.tags ?? {},
  } as const;

  findings.check(args.minCount <= args.maxCount, {
    subject: "nodePool.minCount",
    given: args.minCount,
    text: `at most nodePool.maxCount, which is ${args.maxCount}`,
    fix: "lower minCount or raise maxCount",
  });
  findings.check(!/^0+%?$/.test(settings.maxSurge), {
    subject: "nodePool.maxSurge",
    given: settings.maxSurge,
    text: "one node more at least: an upgrade takes no node away before another one is there",
    fix: 'leave it out to get "1"',
  });
  // A size that is described by hand may have any local disk.
  const localDiskGiB = args.vmCapacity ? Number.POSITIVE_INFINITY : AZURE_VM_SIZES.get(args.vmSize)?.localDiskGiB;
  findings.check(
    settings.osDiskType === "Managed" || localDiskGiB === undefined || settings.osDiskSizeGiB <= localDiskGiB,
    {
      subject: "nodePool.osDiskType",
      given: settings.osDiskType,
      text: `Managed: the local disk of ${args.vmSize} has ${localDiskGiB} GiB, and the OS disk ${settings.osDiskSizeGiB}`,
      fix: "choose a size with a d (Standard_D4ds_v5), lower nodePool.osDiskSizeGiB, or describe the size with nodePool.vmCapacity if it has room",
    },
  );
  for (const [i, zone] of settings.zones.entries()) {
    findings.check(ZONES.includes(zone), {
      subject: `nodePool.zones[${i}]`,
      given: zone,
      text: 'an Azure availability zone, "1", "2" or "3", as quoted text',
      fix: 'write zones: ["1", "2", "3"], or [] for a region without zones',
    });
  }
  findings.check(new Set(settings.zones).size === settings.zones.length, {
    subject: "nodePool.zones",
    given: settings.zones,
    text: "each zone once",
    fix: "remove the repeated zone",
  });
  for (const [key, id] of [
    ["subnetId", args.subnetId],
    ["podSubnetId", args.podSubnetId],
  ] as const) {
    findings.check(id === undefined || SUBNET_ID.test(id), {
      subject: `nodePool.${key}`,
      given: id,
      text: "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<vnet>/subnets/<subnet>",
      fix: "copy the id that `az network vnet subnet show --query id` prints",
    });
  }
  for (const key of Object.keys(settings.tags)) {
    findings.check(key.length <= 512 && !/[<>%&\\?/]/.test(key) && !/^(azure|microsoft|windows)/i.test(key), {
      subject: `nodePool.tags.${key}`,
      given: key,
      text: "a tag name of at most 512 characters, without <>%&\\?/ and not beginning with azure, microsoft or windows",
      fix: "rename the tag",
    });
  }
  findings.check(cluster.resourceId !== undefined, {
    subject: "cluster.resourceId",
    text: "the ARM id of the AKS cluster, because nodePool.mode is create",
    fix: "set cluster.resourceId to what `az aks show --query id` prints, or use nodePool.mode existing or none",
  });
  const poolName = nodePoolName(settings);
  return { ...settings, poolName, cluster: parseAksResourceId(cluster.resourceId ?? "") ?? UNKNOWN_CLUSTER };
}

const SUBNET_ID =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i;
const UNKNOWN_CLUSTER: AksCluster = { subscriptionId: "", resourceGroupName: "", resourceName: "" };

/** Prefixes that AKS refuses on a pool. https://learn.microsoft.com/azure/aks/use-labels#reserved-system-labels */
function checkLabelKey(key: string, path: string, findings: Findings): void {
  findings.check(isLabelKey(key), {
    subject: path,
    given: key,
    text: "a label key: letters, digits, -, _ and ., 63 at most, with or without a prefix and /",
    fix: 'write key and value apart: label: { key: "workload", value: "logging" }',
  });
  findings.check(!/^(kubernetes\.azure\.com|kubernetes\.io)\//.test(key) || key === "kubernetes.azure.com/agentpool", {
    subject: path,
    given: key,
    text: "a label of your own: AKS reserves kubernetes.azure.com/ and kubernetes.io/",
    fix: "label the pool with a key of yours (az aks nodepool update --labels), or select it by agentpool=<name>",
  });
}

function checkLabelValue(value: string, path: string, findings: Findings): void {
  findings.check(isLabelValue(value), {
    subject: path,
    given: value,
    text: "a label value: letters, digits, -, _ and ., 63 at most",
    fix: "write it as `kubectl get nodes --show-labels` prints it",
  });
}

function poolSize(
  args: { vmSize: string; maxCount: number; vmCapacity?: VmCapacityArgs },
  maxPods: number,
  path: string,
  findings: Findings,
): PoolSize | undefined {
  const vm = args.vmCapacity ?? AZURE_VM_SIZES.get(args.vmSize);
  findings.check(vm !== undefined, {
    subject: `${path}.vmSize`,
    given: args.vmSize,
    text: "a VM size that the capacity check knows: Standard_D or E, 2 to 32 vCPUs, v5 or v6 (Standard_D4s_v5)",
    fix: `check the spelling, or describe the size with ${path}.vmCapacity: { cpu: 4, memoryGiB: 16, dataDisks: 8 }`,
  });
  return vm && { vm, maxPods, nodes: args.maxCount };
}

/** The parts of an AKS cluster's ARM id, or `undefined`. */
export function parseAksResourceId(id: string): AksCluster | undefined {
  const match =
    /^\/subscriptions\/([0-9a-f-]{36})\/resourceGroups\/([^/]+)\/providers\/Microsoft\.ContainerService\/managedClusters\/([^/]+)$/i.exec(
      id,
    );
  if (!match?.[1] || !match[2] || !match[3]) return undefined;
  return { subscriptionId: match[1], resourceGroupName: match[2], resourceName: match[3] };
}

type ImmutablePoolSettings = Pick<
  ResolvedCreatedPool,
  "vmSize" | "subnetId" | "podSubnetId" | "zones" | "maxPods" | "osDiskType" | "osDiskSizeGiB" | "containerLogs"
>;

/**
 * `log` and a hash of everything Azure refuses to change on a pool (`PropertyChangeNotAllowed`). A change of one of these is a
 * change of name, and so a replacement with the new pool first and the old one last: two pools cannot share a name, and an
 * update in place would fail half-way. At most 12 lower-case letters and digits are allowed.
 */
export function nodePoolName(pool: ImmutablePoolSettings): string {
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

/** Registers the agent pool. */
export function createLoggingNodePool(
  name: string,
  pool: ResolvedCreatedPool,
  opts: pulumi.CustomResourceOptions,
): AgentPool {
  const autoscaling = pool.minCount < pool.maxCount;
  const { key, value, effect } = LOGGING_WORKLOAD;
  return new AgentPool(
    `${name}-node-pool`,
    {
      resourceGroupName: pool.cluster.resourceGroupName,
      resourceName: pool.cluster.resourceName,
      agentPoolName: pool.poolName,
      type: "VirtualMachineScaleSets",
      mode: "User",
      osType: "Linux",
      osSKU: pool.osSku,
      vmSize: pool.vmSize,
      osDiskType: pool.osDiskType,
      osDiskSizeGB: pool.osDiskSizeGiB,
      availabilityZones: [...pool.zones],
      vnetSubnetID: pool.subnetId,
      ...(pool.podSubnetId && { podSubnetID: pool.podSubnetId }),
      maxPods: pool.maxPods,
      // Azure wants a count at creation also when the autoscaler is on.
      count: pool.minCount,
      enableAutoScaling: autoscaling,
      ...(autoscaling && { minCount: pool.minCount, maxCount: pool.maxCount }),
      nodeLabels: { [key]: value },
      nodeTaints: [`${key}=${value}:${effect}`],
      kubeletConfig: {
        containerLogMaxSizeMB: pool.containerLogs.maxSizeMb,
        containerLogMaxFiles: pool.containerLogs.maxFiles,
      },
      upgradeSettings: { maxSurge: pool.maxSurge, drainTimeoutInMinutes: pool.drainTimeoutMinutes },
      tags: pool.tags,
      // No orchestratorVersion: the pool follows the cluster, so that an upgrade of the cluster is no drift here.
    },
    {
      ...opts,
      // azure-native asks for delete-before-replace wherever a name is given, also where the name is what changes.
      deleteBeforeReplace: false,
      // The autoscaler changes the count all day; without this every `up` would set it back.
      ignoreChanges: autoscaling ? ["count"] : [],
      // Draining a pool of stateful pods under their disruption budgets takes its time.
      customTimeouts: { create: "30m", update: "60m", delete: "60m" },
    },
  );
}
