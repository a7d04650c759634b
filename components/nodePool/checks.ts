import type { Findings } from "../findings.ts";
import type { NodePool } from "./args.ts";
import { endOfOsSku } from "./osSkus.ts";
import { AZURE_VM_SIZES } from "./vmSizes.ts";

/** Checks of the node pool that need more than one value. */
export function checkNodePool(pool: NodePool, cluster: { resourceId?: string | undefined }, findings: Findings): void {
  findings.when(["nodePool.mode"], () => {
    switch (pool.mode) {
      case "none":
        findings.warn(
          "nodePool.mode is none: Loki shares nodes with applications, and nothing checks that its pods fit.",
        );
        break;
      case "existing":
        findings.when(["nodePool.label"], () => checkLabel(pool.label, findings));
        findings.within("nodePool.capacity", () => {
          if (pool.capacity) checkVmSize(pool.capacity, "nodePool.capacity", findings);
          else
            findings.warn("nodePool.capacity is not given: nothing checks that Loki's pods fit on the existing pool.");
        });
        break;
      case "create":
        checkVmSize(pool, "nodePool", findings);
        checkCreatedPool(pool, findings);
        findings.within("cluster", () => checkClusterId(cluster, findings));
        break;
    }
  });
}

/** What it means to share the pools that a label of AKS or Karpenter selects. */
const SHARED_POOLS: ReadonlyArray<readonly [label: RegExp, meaning: string]> = [
  [
    /^(kubernetes\.azure\.com\/(scalesetpriority|priority)|karpenter\.sh\/capacity-type)=spot$/,
    "spot nodes. Azure takes such a node back at any time with 30 seconds' notice, several at once when it needs the room. Lines wait on their nodes while too few writers run",
  ],
  [
    /^kubernetes\.azure\.com\/mode=system$/,
    "the system pools. Loki shares them with the cluster's own pods, CoreDNS among them",
  ],
];

function checkLabel({ key, value }: { key: string; value: string }, findings: Findings): void {
  findings.check(!(/^(beta\.)?kubernetes\.io\/os$/.test(key) && value !== "linux"), {
    subject: "nodePool.label",
    given: `${key}=${value}`,
    text: "a label of Linux nodes: Loki has no image for another operating system",
    fix: "select a Linux pool, for instance by kubernetes.azure.com/agentpool=<name>",
  });
  const shared = SHARED_POOLS.find(([label]) => label.test(`${key}=${value}`));
  if (shared) findings.warn(`nodePool.label selects ${shared[1]}.`);
}

function checkVmSize(
  { vmSize, vmCapacity }: { vmSize: string; vmCapacity?: unknown },
  path: string,
  findings: Findings,
): void {
  findings.when([`${path}.vmSize`, `${path}.vmCapacity`], () => {
    findings.check(vmCapacity !== undefined || AZURE_VM_SIZES.has(vmSize), {
      subject: `${path}.vmSize`,
      given: vmSize,
      text: "a VM size that the capacity check knows: Standard_D or E, 2 to 32 vCPUs, v5 or v6 (Standard_D4s_v5)",
      fix: `check the spelling, or describe the size with ${path}.vmCapacity: { cpu: 4, memoryGiB: 16, dataDisks: 8 }`,
    });
  });
}

function checkCreatedPool(pool: Extract<NodePool, { mode: "create" }>, findings: Findings): void {
  findings.when(["nodePool.minCount", "nodePool.maxCount"], () => {
    findings.check(pool.minCount <= pool.maxCount, {
      subject: "nodePool.minCount",
      given: pool.minCount,
      text: `at most nodePool.maxCount, which is ${pool.maxCount}`,
      fix: "lower minCount or raise maxCount",
    });
  });
  findings.when(["nodePool.osSku"], () => {
    const end = endOfOsSku(pool.osSku);
    if (end) findings.warn(`nodePool.osSku is ${pool.osSku}: ${end}.`);
  });
  findings.when(["nodePool.osDiskType", "nodePool.osDiskSizeGiB", "nodePool.vmSize", "nodePool.vmCapacity"], () => {
    // A size described with `vmCapacity` may have any local disk.
    const localDiskGiB = pool.vmCapacity ? undefined : AZURE_VM_SIZES.get(pool.vmSize)?.localDiskGiB;
    findings.check(pool.osDiskType === "Managed" || localDiskGiB === undefined || pool.osDiskSizeGiB <= localDiskGiB, {
      subject: "nodePool.osDiskType",
      given: pool.osDiskType,
      text: `Managed: the local disk of ${pool.vmSize} has ${localDiskGiB} GiB, and the OS disk needs ${pool.osDiskSizeGiB}`,
      fix: "choose a size with a d (Standard_D4ds_v5), lower nodePool.osDiskSizeGiB, or describe the size with nodePool.vmCapacity if it has room",
    });
  });
  findings.when(["nodePool.tags"], () => {
    for (const key of Object.keys(pool.tags)) {
      findings.check(key.length <= 512 && !/[<>%&\\?/]/.test(key) && !/^(azure|microsoft|windows)/i.test(key), {
        subject: `nodePool.tags.${key}`,
        given: key,
        text: "a tag name of at most 512 characters, without <>%&\\?/ and not beginning with azure, microsoft or windows",
        fix: "rename the tag",
      });
    }
  });
}

function checkClusterId({ resourceId }: { resourceId?: string | undefined }, findings: Findings): void {
  findings.check(resourceId !== undefined, {
    subject: "cluster.resourceId",
    text: "the ARM ID of the AKS cluster, because nodePool.mode is create",
    fix: "set cluster.resourceId to what `az aks show --query id` prints, or use nodePool.mode existing or none",
  });
}
