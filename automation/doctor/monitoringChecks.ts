import { CustomObjectsApi, type KubeConfig } from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import type { Finding } from "../../components/findings.ts";
import { MONITOR_GROUPS, MONITOR_KINDS, MONITOR_VERSION } from "../../components/monitoring/podMonitors.ts";
import { type CheckResult, judged, skipped } from "./check.ts";

/** The cluster has the kinds of the monitors and alerts. */
export async function checkMonitorKinds(
  kube: KubeConfig,
  { monitoring: { kind } }: Pick<ResolvedArgs, "monitoring">,
): Promise<CheckResult> {
  if (kind === "none") return skipped("monitoring.kind is none");
  const group = MONITOR_GROUPS[kind];
  const known = await kindsOf(kube, group);
  const missing = MONITOR_KINDS[kind].filter((name) => !known.includes(name));
  const version = `${group}/${MONITOR_VERSION}`;
  return judged(
    missing.map((name) => missingMonitorKind(`${name} of ${version}`, kind === "azureManagedPrometheus")),
    MONITOR_KINDS[kind].join(", "),
  );
}

/** What to do about a kind that the cluster does not have. */
export const missingMonitorKind = (kind: string, azure: boolean): Finding => ({
  subject: kind,
  text: "is not a kind that the cluster knows, so nothing scrapes the platform and nobody is alerted",
  fix: azure
    ? "az aks update --resource-group GROUP --name CLUSTER --enable-azure-monitor-metrics --azure-monitor-workspace-resource-id WORKSPACE, or write monitoring.kind: none"
    : "install Prometheus Operator with its CustomResourceDefinitions (helm install kube-prometheus-stack), or write monitoring.kind: none",
});

/** Kinds of an API group. An unknown group has none. */
async function kindsOf(kube: KubeConfig, group: string): Promise<string[]> {
  try {
    const { resources } = await kube
      .makeApiClient(CustomObjectsApi)
      .getAPIResources({ group, version: MONITOR_VERSION });
    return resources.map(({ kind }) => kind);
  } catch (error) {
    if ((error as { code?: number }).code === 404) return [];
    throw error;
  }
}
