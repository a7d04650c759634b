import type { Quantities } from "../quantities.ts";

/**
 * What AKS Deployment Safeguards enforce in a namespace. `none`: they are off, only warn, or exclude the namespace. `Enforce`: pods need
 * probes, and small requests are raised. `Baseline` and `Restricted`: a Pod Security Standard as well, which no hostPath volume passes.
 * https://learn.microsoft.com/azure/aks/deployment-safeguards
 */
export const SAFEGUARDS = ["none", "Enforce", "Baseline", "Restricted"] as const;
export type Safeguards = (typeof SAFEGUARDS)[number];

/** Safeguards that refuse Alloy's pods. They read the node's log files and keep a buffer on its disk. */
export const refuseHostPath = (safeguards: Safeguards): boolean => ["Baseline", "Restricted"].includes(safeguards);

/** The least that a container requests where safeguards are enforced. AKS raises what is below. */
export const LEAST_REQUESTS: Quantities = { cpu: 100, memory: 100 };

/** The requests of one container as the cluster admits them. */
export const admitted =
  (safeguards: Safeguards) =>
  ({ cpu, memory }: Quantities): Quantities =>
    safeguards === "none"
      ? { cpu, memory }
      : { cpu: Math.max(cpu, LEAST_REQUESTS.cpu), memory: Math.max(memory, LEAST_REQUESTS.memory) };

/**
 * The command that excludes a namespace. It replaces the list of excluded namespaces.
 *
 * @param clusterId ARM ID of the cluster.
 * @param excluded Namespaces that are excluded already, if they are known.
 */
export function excludeCommand(clusterId: string, namespace: string, excluded?: readonly string[]): string {
  const namespaces = [...new Set([...(excluded ?? []), namespace])].join(" ");
  const command = `az aks safeguards update --cluster ${clusterId} --level Enforce --excluded-ns ${namespaces}`;
  return excluded
    ? command
    : `${command} (and the namespaces that az aks safeguards show prints: the list is replaced)`;
}
