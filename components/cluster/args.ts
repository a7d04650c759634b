import { z } from "zod";
import { explained, text } from "../argumentTypes.ts";
import { armId, parseArmId } from "../armIds.ts";
import type { Findings } from "../findings.ts";
import { excludeCommand, refuseHostPath, SAFEGUARDS, type Safeguards } from "./safeguards.ts";

/** The AKS cluster in Azure. */
export interface AksCluster {
  readonly subscriptionId: string;
  readonly resourceGroupName: string;
  readonly resourceName: string;
}

const AKS_CLUSTER = "Microsoft.ContainerService/managedClusters";

/** The parts of an AKS cluster's ARM ID, or `undefined` if it is not one. */
export function parseAksResourceId(id: string): AksCluster | undefined {
  const { subscriptionId, resourceGroupName, names: [resourceName] = [] } = parseArmId(id, AKS_CLUSTER) ?? {};
  return subscriptionId && resourceGroupName && resourceName
    ? { subscriptionId, resourceGroupName, resourceName }
    : undefined;
}

/** Arguments of the cluster. */
export const clusterArgs = z.strictObject({
  /**
   * Name of the cluster. The Pulumi stack, the `cluster` label of every line, the bucket `loki-<name>` and the memberlist label all use
   * it. 1 to 40 lower-case letters, digits and `-`.
   */
  name: text.refine(
    (name) => /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name),
    explained({
      text: "1 to 40 lower-case letters, digits and -, beginning and ending with a letter or digit",
      fix: "write the name of the cluster's Pulumi stack",
    }),
  ),
  /** The `env` label of every line: `prod`, `staging`, ... */
  environment: text.refine(
    (environment) => /^[a-zA-Z0-9]([\w.-]{0,61}[a-zA-Z0-9])?$/.test(environment),
    explained({
      text: "a short word, which becomes the label env: prod, staging",
      fix: "write one word of letters and digits",
    }),
  ),
  /**
   * ARM ID of the AKS cluster: `/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/…`. Needed to
   * create a node pool and to get the cluster's credentials from Azure.
   * @default - none: a cluster reached by a kubeconfig, on a pool that exists
   */
  resourceId: armId(AKS_CLUSTER, "az aks show --query id -o tsv").optional(),
  /**
   * What AKS Deployment Safeguards enforce in the stack's namespace (`az aks safeguards show`). `none`: they are off, only warn, or exclude
   * the namespace. `Enforce`: AKS raises requests below 100m and 100 MiB, and the capacity check counts that. `Baseline` (AKS Automatic)
   * and `Restricted` also refuse Alloy's pods, so the namespace has to be excluded. https://learn.microsoft.com/azure/aks/deployment-safeguards
   * @default "none"
   */
  safeguards: z.enum(SAFEGUARDS).default("none"),
});

/** Refuses safeguards under which Alloy's pods cannot run. */
export function checkSafeguards(
  { resourceId, safeguards }: { resourceId?: string | undefined; safeguards: Safeguards },
  namespace: string,
  findings: Findings,
): void {
  findings.check(!refuseHostPath(safeguards), {
    subject: "cluster.safeguards",
    given: safeguards,
    text: "none or Enforce: under a Pod Security Standard, AKS refuses every hostPath volume, and Alloy reads the nodes' log files",
    fix: `exclude the namespace, then write none: ${excludeCommand(resourceId ?? "CLUSTER", namespace)}`,
  });
}
