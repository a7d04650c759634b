import { isIPv4 } from "node:net";
import { z } from "zod";
import type { Findings } from "../findings.ts";
import { namespaceName } from "../kubernetesNames.ts";

/** Arguments of the NetworkPolicies. https://learn.microsoft.com/azure/aks/use-network-policies */
export const networkArgs = z.strictObject({
  /**
   * The cluster's network policy engine: `az aks show --query networkProfile.networkPolicy`. With `none`, Kubernetes accepts policies but
   * nothing enforces them. AKS supports `azure` on Linux nodes until 2028-09-30; `cilium` takes its place.
   * @default "none"
   */
  policyEngine: z.enum(["azure", "calico", "cilium", "none"]).default("none"),
  /**
   * The cluster has FQDN policies: `cilium` with Advanced Container Networking Services (`az aks show --query
   * networkProfile.advancedNetworking`). Loki may then reach MinIO by its name, and `objectStorage.cidrs` is not needed.
   * https://learn.microsoft.com/azure/aks/container-network-security-fqdn-filtering-concepts
   * @default false
   */
  fqdnPolicies: z.boolean().default(false),
  /**
   * Namespaces that may read logs through the gateway, for instance Grafana's.
   * @default []
   */
  readerNamespaces: z.array(namespaceName).default([]),
  /**
   * Namespaces that may scrape metrics, besides those of `monitoring`. Loki's metrics port also serves its API without a password: name only namespaces that may read
   * every line.
   * @default []
   */
  monitoringNamespaces: z.array(namespaceName).default([]),
});

/** The arguments, with every default filled in. */
export type Network = z.output<typeof networkArgs>;

/** The way from Azure's policy engine to Cilium. */
const TO_CILIUM =
  "az aks update --resource-group GROUP --name CLUSTER --network-dataplane cilium, which replaces the image of every node, then network.policyEngine: cilium (https://learn.microsoft.com/azure/aks/migrate-from-npm-to-cilium-network-policy)";

/** Checks the policy engine, and whether MinIO's address can be a name in a policy. */
export function checkNetwork(
  { policyEngine, fqdnPolicies }: Network,
  objectStorage: { readonly endpoint: string },
  findings: Findings,
): void {
  findings.when(["network.policyEngine"], () => {
    if (policyEngine === "none")
      findings.warn("network.policyEngine is none: the cluster accepts the NetworkPolicies but enforces none of them.");
    if (policyEngine === "azure")
      findings.warn(
        `network.policyEngine is azure: AKS supports Azure Network Policy Manager on Linux nodes until 2028-09-30. The way to Cilium: ${TO_CILIUM}.`,
      );
  });
  findings.when(["network.policyEngine", "network.fqdnPolicies"], () => {
    findings.check(!fqdnPolicies || policyEngine === "cilium", {
      subject: "network.fqdnPolicies",
      given: fqdnPolicies,
      text: `false, because network.policyEngine is ${policyEngine}: only Cilium has FQDN policies`,
      fix: "set network.policyEngine to cilium if that is the cluster's engine, or remove fqdnPolicies",
    });
  });
  findings.when(["network.fqdnPolicies", "objectStorage.endpoint"], () => {
    if (!fqdnPolicies) return;
    const host = new URL(objectStorage.endpoint).hostname;
    const isAddress = isIPv4(host) || host.startsWith("[");
    findings.check(!isAddress && !/\.svc(\.|$)/.test(host) && host.includes("."), {
      subject: "network.fqdnPolicies",
      given: fqdnPolicies,
      text: `false, because ${host} is not a DNS name outside of the cluster: FQDN policies know neither addresses nor Services`,
      fix: "use MinIO's DNS name in objectStorage.endpoint, or remove fqdnPolicies and list objectStorage.cidrs",
    });
  });
}
