import type { ResolvedArgs } from "../../components/args.ts";
import { excludeCommand, refuseHostPath, type Safeguards } from "../../components/cluster/safeguards.ts";
import type { Finding } from "../../components/findings.ts";
import { unsupportedOsSku } from "../../components/nodePool/osSkus.ts";

/** A cluster as `az aks show` prints it. https://learn.microsoft.com/rest/api/aks/managed-clusters/get */
export interface AksCluster {
  readonly location: string;
  readonly provisioningState: string;
  readonly currentKubernetesVersion?: string | null;
  readonly sku?: { readonly name?: string } | null;
  readonly nodeProvisioningProfile?: { readonly mode?: string } | null;
  readonly networkProfile?: {
    readonly networkPolicy?: string | null;
    readonly networkDataplane?: string | null;
    readonly advancedNetworking?: {
      readonly enabled?: boolean | null;
      readonly security?: {
        readonly enabled?: boolean | null;
        readonly advancedNetworkPolicies?: string | null;
      } | null;
    } | null;
  } | null;
  readonly agentPoolProfiles?: ReadonlyArray<{
    readonly name: string;
    readonly count: number;
    readonly enableAutoScaling?: boolean | null;
  }> | null;
}

type Config = Pick<ResolvedArgs, "cluster" | "namespace" | "network" | "nodePool" | "objectStorage">;

/** Whether a cluster is AKS Automatic. https://learn.microsoft.com/azure/aks/intro-aks-automatic */
export const isAutomatic = ({ sku }: AksCluster): boolean => sku?.name === "Automatic";

const isAutoProvisioned = ({ nodeProvisioningProfile }: AksCluster): boolean =>
  nodeProvisioningProfile?.mode === "Auto";

const engineOf = ({ networkProfile }: AksCluster): string => {
  const { networkPolicy, networkDataplane } = networkProfile ?? {};
  return networkPolicy && networkPolicy !== "none" ? networkPolicy : networkDataplane === "cilium" ? "cilium" : "none";
};

/** The cluster has policies by name. L7 policies include them. */
const hasFqdnPolicies = (cluster: AksCluster): boolean => {
  const { enabled, security } = cluster.networkProfile?.advancedNetworking ?? {};
  return enabled === true && security?.enabled !== false && /^(FQDN|L7)$/.test(security?.advancedNetworkPolicies ?? "");
};

/** What a person wants to see of a cluster that is in order. */
export const describeCluster = (cluster: AksCluster): string =>
  [
    cluster.provisioningState,
    `network policy ${engineOf(cluster)}${hasFqdnPolicies(cluster) ? " with FQDN policies" : ""}`,
    ...(isAutomatic(cluster) ? ["AKS Automatic"] : []),
    ...(isAutoProvisioned(cluster) ? ["node auto-provisioning"] : []),
  ].join(", ");

/** Differences between the cluster and its description in the config. */
export const clusterFindings = (cluster: AksCluster, config: Config): Finding[] => [
  ...stateFindings(cluster),
  ...networkFindings(cluster, config),
  ...poolFindings(cluster, config),
];

function stateFindings({ provisioningState }: AksCluster): Finding[] {
  if (provisioningState === "Succeeded") return [];
  return [
    {
      subject: "the AKS cluster",
      text: `is ${provisioningState}: until that ends, Azure refuses changes to its pools`,
      fix: "wait until az aks show --query provisioningState prints Succeeded; after a failed operation, az aks update",
    },
  ];
}

function networkFindings(cluster: AksCluster, { network, objectStorage }: Config): Finding[] {
  const findings: Finding[] = [];
  const engine = engineOf(cluster);
  if (network.policyEngine !== engine)
    findings.push({
      subject: "network.policyEngine",
      text: `is ${network.policyEngine}, but the cluster has ${engine}${engine === "none" ? ": NetworkPolicies are not enforced" : ""}`,
      fix: `pulumi config set --path network.policyEngine ${engine}, or az aks update ${network.policyEngine === "cilium" ? "--network-dataplane" : "--network-policy"} ${network.policyEngine}`,
    });
  if (network.fqdnPolicies && !hasFqdnPolicies(cluster))
    findings.push({
      subject: "network.fqdnPolicies",
      text: "is true, but the cluster has no FQDN policies: Cilium would block Loki's way to MinIO",
      fix: "az aks update --enable-acns --acns-advanced-networkpolicies FQDN, or remove fqdnPolicies and list objectStorage.cidrs",
    });
  if (!network.fqdnPolicies && hasFqdnPolicies(cluster) && objectStorage.cidrs.length === 0)
    findings.push({
      subject: "network.fqdnPolicies",
      text: "is false, and objectStorage.cidrs is empty: Loki may reach any address, although the cluster could allow MinIO by its name",
      fix: "pulumi config set --path network.fqdnPolicies true",
    });
  return findings;
}

function poolFindings(cluster: AksCluster, { nodePool }: Config): Finding[] {
  const { created } = nodePool;
  if (!created) return [];
  const findings: Finding[] = [];
  // A subscription may have a feature that allows both. Then there are such pools.
  const allowed = cluster.agentPoolProfiles?.some(({ enableAutoScaling }) => enableAutoScaling) ?? false;
  if (isAutoProvisioned(cluster) && created.minCount < created.maxCount && !allowed)
    findings.push({
      subject: "nodePool.mode",
      text: `is create with ${created.minCount} to ${created.maxCount} nodes, but the cluster has node auto-provisioning, beside which AKS refuses the cluster autoscaler`,
      fix: "make nodePool.minCount and maxCount equal, for a pool of a fixed size; or use a pool of Karpenter: docs/node-auto-provisioning.md",
    });
  const wrongVersion = unsupportedOsSku(created.osSku, cluster.currentKubernetesVersion ?? "");
  if (wrongVersion)
    findings.push({
      subject: "nodePool.osSku",
      text: wrongVersion,
      fix: "pulumi config set --path nodePool.osSku Ubuntu, or AzureLinux: both follow the cluster's version",
    });
  return findings;
}

/** The answer about a cluster's Deployment Safeguards. https://learn.microsoft.com/azure/templates/microsoft.containerservice/deploymentsafeguards */
export interface AksSafeguards {
  readonly level?: string | null;
  readonly excludedNamespaces?: readonly string[] | null;
  readonly podSecurityStandardsLevel?: string | null;
}

/** What safeguards enforce in a namespace. `undefined`: the cluster has none. AKS Automatic has Baseline unless it states something else. */
export function enforcedIn(namespace: string, safeguards: AksSafeguards | undefined, automatic: boolean): Safeguards {
  const { level, excludedNamespaces, podSecurityStandardsLevel } = safeguards ?? {};
  if ((excludedNamespaces ?? []).includes(namespace)) return "none";
  if ((level ?? (automatic ? "Enforce" : "Off")) !== "Enforce") return "none";
  const standard = podSecurityStandardsLevel ?? (automatic ? "Baseline" : "Privileged");
  return standard === "Baseline" || standard === "Restricted" ? standard : "Enforce";
}

/** Safeguards that would refuse the pods, or that the config does not know of. */
export function safeguardFindings(
  id: string,
  { cluster, namespace }: Config,
  safeguards: AksSafeguards | undefined,
  automatic: boolean,
): Finding[] {
  const enforced = enforcedIn(namespace, safeguards, automatic);
  const exclude = excludeCommand(id, namespace, safeguards?.excludedNamespaces ?? []);
  if (refuseHostPath(enforced))
    return [
      {
        subject: "Deployment Safeguards",
        text: `enforce the Pod Security Standard ${enforced}${automatic ? ", as on every AKS Automatic cluster" : ""}: AKS will refuse Alloy's pods, which mount the nodes' log folder, and raise small requests (https://github.com/Azure/AKS/issues/5442)`,
        fix: exclude,
      },
    ];
  if (enforced === cluster.safeguards) return [];
  const set = `pulumi config set --path cluster.safeguards ${enforced}`;
  return [
    {
      subject: "cluster.safeguards",
      text:
        enforced === "none"
          ? `is ${cluster.safeguards}, but AKS enforces nothing in the namespace ${namespace}: the capacity check counts more than the pods request`
          : `is ${cluster.safeguards}, but AKS enforces Deployment Safeguards in the namespace ${namespace}: it raises requests below 100m and 100 MiB, which the capacity check does not count`,
      fix: enforced === "none" ? set : `${set}, or exclude the namespace: ${exclude}`,
    },
  ];
}
