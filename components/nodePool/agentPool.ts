import { AgentPool } from "@pulumi/azure-native/containerservice/agentPool.js";
import type * as pulumi from "@pulumi/pulumi";
import { osSku } from "./osSkus.ts";
import { LOGGING_WORKLOAD, type Placement } from "./placement.ts";

/** Registers the AKS agent pool. https://learn.microsoft.com/azure/aks/create-node-pools */
export function createLoggingNodePool(
  name: string,
  pool: NonNullable<Placement["created"]>,
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
      ...(osSku(pool.osSku).trustedLaunch && { securityProfile: { enableSecureBoot: true, enableVTPM: true } }),
      vmSize: pool.vmSize,
      osDiskType: pool.osDiskType,
      osDiskSizeGB: pool.osDiskSizeGiB,
      availabilityZones: [...pool.zones],
      vnetSubnetID: pool.subnetId,
      ...(pool.podSubnetId && { podSubnetID: pool.podSubnetId }),
      maxPods: pool.maxPods,
      // Azure needs a count at creation even if the autoscaler is on.
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
      // No orchestratorVersion. The pool follows the cluster, so a cluster upgrade is not drift here.
    },
    {
      ...opts,
      // If a name is given, azure-native deletes before it replaces, even if the name itself changes.
      deleteBeforeReplace: false,
      // The autoscaler changes the count all day. Without this, every `up` would reset it.
      ignoreChanges: autoscaling ? ["count"] : [],
      // Draining a pool of stateful pods takes long, because of their disruption budgets.
      customTimeouts: { create: "30m", update: "60m", delete: "60m" },
    },
  );
}
