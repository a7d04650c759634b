/** A Linux image family that AKS offers for nodes, with the end of its support. */
interface OsSku {
  /** First and last Kubernetes minor version that AKS supports it with. */
  readonly kubernetes: { readonly first?: string; readonly last?: string };
  /** When AKS ends it: a date, or the end of support of its last Kubernetes version. */
  readonly ends?: string;
  /** What takes its place. */
  readonly next?: string;
  /** AKS creates it only with Trusted Launch. https://learn.microsoft.com/azure/aks/use-trusted-launch */
  readonly trustedLaunch?: true;
}

/**
 * The image families, as of November 2026. `Ubuntu` and `AzureLinux` follow the cluster's Kubernetes version and have no end.
 * https://learn.microsoft.com/azure/aks/upgrade-os-version#supported-os-versions
 */
export const OS_SKUS = {
  Ubuntu: { kubernetes: {} },
  Ubuntu2204: { kubernetes: { first: "1.25", last: "1.36" }, ends: "on 2027-06-30", next: "Ubuntu or Ubuntu2404" },
  Ubuntu2404: { kubernetes: { first: "1.32", last: "1.38" }, ends: "with Kubernetes 1.38", next: "Ubuntu" },
  AzureLinux: { kubernetes: {} },
  AzureLinux3: {
    kubernetes: { first: "1.28", last: "1.36" },
    ends: "with Kubernetes 1.36, in June 2027",
    next: "AzureLinux",
  },
  AzureContainerLinux: { kubernetes: { first: "1.34" }, trustedLaunch: true },
} as const satisfies Readonly<Record<string, OsSku>>;

/** Name of an image family. */
export type OsSkuName = keyof typeof OS_SKUS;

/** Names of the image families. */
export const OS_SKU_NAMES = Object.keys(OS_SKUS) as [OsSkuName, ...OsSkuName[]];

/** What is known of an image family. */
export const osSku = (name: OsSkuName): OsSku => OS_SKUS[name];

/** The last Kubernetes version and the end of an image family, in words. `undefined` if it has no end. */
export function endOfOsSku(name: OsSkuName): string | undefined {
  const { kubernetes, ends, next } = osSku(name);
  if (ends === undefined) return undefined;
  return `AKS ends it ${ends}, and does not upgrade its nodes beyond Kubernetes ${kubernetes.last}. Before that, write ${next}`;
}

/** Why AKS does not offer an image family for a Kubernetes version (`1.34.2`), or `undefined`. */
export function unsupportedOsSku(name: OsSkuName, kubernetesVersion: string): string | undefined {
  const { first, last } = osSku(name).kubernetes;
  const minor = minorOf(kubernetesVersion);
  if (minor === undefined) return undefined;
  const [lowest, highest] = [minorOf(first), minorOf(last)];
  if ((lowest === undefined || minor >= lowest) && (highest === undefined || minor <= highest)) return undefined;
  return `${name} needs Kubernetes ${first ?? "1.0"} ${last ? `to ${last}` : "or later"}, and the cluster has ${kubernetesVersion}`;
}

/** `34` of `1.34.2`. */
const minorOf = (version: string | undefined): number | undefined => {
  const minor = /^v?1\.(\d+)/.exec(version ?? "")?.[1];
  return minor === undefined ? undefined : Number(minor);
};
