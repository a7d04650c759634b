import { CustomObjectsApi, type KubeConfig } from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import { parseAksResourceId } from "../../components/cluster/args.ts";
import type { Finding } from "../../components/findings.ts";
import { MONITOR_GROUPS, MONITOR_KINDS, MONITOR_VERSION } from "../../components/monitoring/podMonitors.ts";
import { type Place, placeOf } from "../explain/admission.ts";
import { type CheckResult, judged, skipped } from "./check.ts";

/** The cluster has the kinds of the monitors and alerts. */
export async function checkMonitorKinds(
  kube: KubeConfig,
  args: Pick<ResolvedArgs, "cluster" | "monitoring" | "namespace">,
): Promise<CheckResult> {
  const { kind } = args.monitoring;
  if (kind === "none") return skipped("monitoring.kind is none");
  const group = MONITOR_GROUPS[kind];
  const known = await kindsOf(kube, group);
  const missing = MONITOR_KINDS[kind].filter((name) => !known.includes(name));
  const version = `${group}/${MONITOR_VERSION}`;
  return judged(
    missing.map((name) =>
      missingMonitorKind(`${name} of ${version}`, kind === "azureManagedPrometheus", placeOf(args)),
    ),
    MONITOR_KINDS[kind].join(", "),
  );
}

/** What to do about a kind that the cluster does not have. */
export const missingMonitorKind = (kind: string, azure: boolean, place: Place): Finding => ({
  subject: kind,
  text: "is not a kind that the cluster knows, so nothing scrapes the platform and nobody is alerted",
  fix: azure
    ? `${enableCommand(place)}, or write monitoring.kind: none`
    : "install Prometheus Operator with its CustomResourceDefinitions (helm install kube-prometheus-stack), or write monitoring.kind: none",
});

/** https://learn.microsoft.com/azure/azure-monitor/containers/kubernetes-monitoring-enable */
function enableCommand({ clusterId = "", workspaceId = "WORKSPACE" }: Place): string {
  const aks = parseAksResourceId(clusterId);
  const cluster = aks
    ? `--subscription ${aks.subscriptionId} --resource-group ${aks.resourceGroupName} --name ${aks.resourceName}`
    : "--resource-group GROUP --name CLUSTER";
  return `az aks update ${cluster} --enable-azure-monitor-metrics --azure-monitor-workspace-resource-id ${workspaceId}`;
}

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
