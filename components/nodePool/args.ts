import { z } from "zod";
import { count, explained, text } from "../argumentTypes.ts";
import { armId } from "../armIds.ts";
import { isLabelKey, labelValue } from "../kubernetesNames.ts";
import { OS_SKU_NAMES } from "./osSkus.ts";
import { taint } from "./taints.ts";

const ZONES = ["1", "2", "3"];

/** Text, or a number that Azure's API has as text. */
const textOrNumber = z.union([z.string(), z.int()], "text or a whole number").transform(String);

const maxPods = z.int().min(10).max(250);

const vmCapacity = z
  .strictObject({
    /** vCPUs. */
    cpu: count,
    /** Memory as Azure states it, GiB. */
    memoryGiB: z.number().positive(),
    /** Data disks that can be attached. */
    dataDisks: count,
  })
  .optional();

const subnetId = armId("Microsoft.Network/virtualNetworks/subnets", "az network vnet subnet show --query id -o tsv", [
  "<vnet>",
  "<subnet>",
]);

const createdPool = z.strictObject({
  /** Creates a node pool on the cluster. Its label and taint are `workload=logging`. */
  mode: z.literal("create"),
  /**
   * Azure VM size of the nodes. A change replaces the pool. https://learn.microsoft.com/azure/virtual-machines/sizes/overview
   */
  vmSize: text,
  /** ARM ID of the nodes' subnet. A change replaces the pool. */
  subnetId,
  /**
   * ARM ID of the pods' subnet, if the cluster gives pods a separate one.
   * https://learn.microsoft.com/azure/aks/configure-azure-cni-dynamic-ip-allocation
   * @default - pods get addresses as the cluster's network plugin gives them
   */
  podSubnetId: subnetId.optional(),
  /** Smallest number of nodes. Two pods of one Loki component never share a host, so 3 replicas need 3 nodes. */
  minCount: count,
  /** Largest number of nodes. If `minCount` is lower, the cluster autoscaler works between the two. */
  maxCount: count.max(1000),
  /**
   * Availability zones. A change replaces the pool. https://learn.microsoft.com/azure/aks/availability-zones
   * @default ["1", "2", "3"]
   */
  zones: z
    .array(
      textOrNumber.refine(
        (zone) => ZONES.includes(zone),
        explained({
          text: "an Azure availability zone: 1, 2 or 3",
          fix: (zone) => {
            const [, number] = /^[a-z]+\d?-([123])$/i.exec(String(zone)) ?? [];
            return number ? `write ${number}` : "write 1, 2 or 3; zones: [] is for a region without zones";
          },
        }),
      ),
    )
    .refine(
      (zones) => new Set(zones).size === zones.length || zones.some((zone) => !ZONES.includes(zone)),
      explained({ text: "each zone once", fix: "remove the repeated zone" }),
    )
    .prefault(ZONES),
  /**
   * Most pods on one node. It also decides how much memory the kubelet reserves. A change replaces the pool.
   * @default 60
   */
  // Not AKS's 110 or 250: a logging node runs about 15 pods, and the kubelet reserves 20 MB for each possible one.
  maxPods: maxPods.default(60),
  /**
   * Node image family. `Ubuntu` and `AzureLinux` follow the cluster's Kubernetes version; the preview prints when another one ends.
   * `AzureContainerLinux` turns Trusted Launch on. https://learn.microsoft.com/azure/aks/upgrade-os-version
   * @default "Ubuntu"
   */
  osSku: z.enum(OS_SKU_NAMES).default("Ubuntu"),
  /**
   * OS disk kind. `Ephemeral` needs a size with a local disk. A change replaces the pool.
   * @default "Managed"
   */
  osDiskType: z.enum(["Managed", "Ephemeral"]).default("Managed"),
  /**
   * OS disk, GiB. A change replaces the pool.
   * @default 128
   */
  osDiskSizeGiB: z.int().min(30).max(2048).default(128),
  /**
   * Nodes added at once during an upgrade: a number or a percentage.
   * https://learn.microsoft.com/azure/aks/upgrade-aks-node-pools-rolling
   * @default "1"
   */
  maxSurge: textOrNumber
    .refine(
      (surge) => /^(\d+|\d{1,3}%)$/.test(surge),
      explained({ text: "a number or a percentage: 1, 33%", fix: "leave it out to get 1" }),
    )
    .refine(
      (surge) => !/^0+%?$/.test(surge),
      explained({
        text: "at least one extra node: an upgrade removes no node before its replacement is ready",
        fix: 'leave it out to get "1"',
      }),
    )
    .prefault("1"),
  /**
   * How long an upgrade waits for one node to drain, minutes.
   * @default 30
   */
  drainTimeoutMinutes: z.int().min(1).max(1440).default(30),
  /**
   * How the kubelet rotates a container's log files. A change replaces the pool.
   * https://learn.microsoft.com/azure/aks/custom-node-configuration
   */
  // AKS's own defaults, written out: the loss budget is computed from them, and a change replaces the pool.
  containerLogs: z
    .strictObject({
      /**
       * Size at which a container's log file is rotated, MB.
       * @default 50
       */
      maxSizeMb: z.int().min(10).default(50),
      /**
       * Log files kept per container.
       * @default 5
       */
      maxFiles: z.int().min(2).default(5),
    })
    .prefault({}),
  /**
   * Azure tags of the pool.
   * @default {}
   */
  tags: z.record(z.string(), z.string()).default({}),
  /**
   * What one node offers, for a VM size that this project has no figures for.
   * @default - from the table in `components/nodePool/vmSizes.ts`
   */
  vmCapacity,
});

const existingPool = z.strictObject({
  /** Uses the node pool with the label, and changes nothing on it. */
  mode: z.literal("existing"),
  /**
   * The node label that selects the pool: any label that its nodes have, AKS's and Karpenter's included
   * (`kubernetes.azure.com/agentpool`, `karpenter.sh/nodepool`). https://learn.microsoft.com/azure/aks/use-labels
   */
  label: z.strictObject({
    /** Key of the label. */
    key: text.refine(
      isLabelKey,
      explained({
        text: "a label key: letters, digits, -, _ and ., 63 at most, with or without a prefix and /",
        fix: 'write key and value separately: label: { key: "workload", value: "logging" }',
      }),
    ),
    /** Value of the label. */
    value: labelValue,
  }),
  /**
   * The pool's taint, which Loki's pods tolerate.
   * @default - the pool has none, or `taints` lists them
   */
  taint: taint.optional(),
  /**
   * The pool's taints, if it has several. Loki's pods tolerate all of them.
   * @default []
   */
  taints: z.array(taint).default([]),
  /**
   * What the pool offers. With it, a preview reports pods that do not fit.
   * @default - not checked, with a warning
   */
  capacity: z
    .strictObject({
      /** Azure VM size of the nodes. */
      vmSize: text,
      /** Nodes that the pool may grow to. */
      maxCount: count,
      /**
       * Most pods on one node.
       * @default 110
       */
      maxPods: maxPods.default(110),
      /**
       * What one node offers, for a VM size that this project has no figures for.
       * @default - from the table in `components/nodePool/vmSizes.ts`
       */
      vmCapacity,
    })
    .optional(),
});

const noPool = z.strictObject({
  /** Creates and selects no pool. Loki's pods go wherever the scheduler finds room. */
  mode: z.literal("none"),
});

/** Arguments of the nodes that Loki runs on, by `mode`. */
export const nodePoolArgs = z.discriminatedUnion("mode", [createdPool, existingPool, noPool]);

/** The node pool, with every default filled in. */
export type NodePool = z.output<typeof nodePoolArgs>;

/** A pool that the stack creates, with every default filled in. */
export type CreatedPool = Omit<z.output<typeof createdPool>, "mode" | "vmCapacity">;
