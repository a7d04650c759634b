import { z } from "zod";
import type { Findings } from "../findings.ts";
import { namespaceName } from "../kubernetesNames.ts";

/** Arguments of the NetworkPolicies. https://learn.microsoft.com/azure/aks/use-network-policies */
export const networkArgs = z.strictObject({
  /**
   * The cluster's network policy engine: `az aks show --query networkProfile.networkPolicy`. With `none`, Kubernetes accepts policies but
   * nothing enforces them.
   * @default "none"
   */
  policyEngine: z.enum(["azure", "calico", "cilium", "none"]).default("none"),
  /**
   * Namespaces that may read logs through the gateway, for instance Grafana's.
   * @default []
   */
  readerNamespaces: z.array(namespaceName).default([]),
  /**
   * Namespaces that may scrape metrics. Loki's metrics port also serves its API without a password: name only namespaces that may read
   * every line.
   * @default []
   */
  monitoringNamespaces: z.array(namespaceName).default([]),
});

/** Warns if nothing enforces the policies. */
export function checkNetwork({ policyEngine }: z.output<typeof networkArgs>, findings: Findings): void {
  findings.when(["network.policyEngine"], () => {
    if (policyEngine !== "none") return;
    findings.warn("network.policyEngine is none: the cluster accepts the NetworkPolicies but enforces none of them.");
  });
}
