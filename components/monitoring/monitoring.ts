import { PrometheusRuleGroup } from "@pulumi/azure-native/alertsmanagement/prometheusRuleGroup.js";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { parseAksResourceId } from "../cluster/args.ts";
import { MONITOR_GROUPS, MONITOR_VERSION, podMonitorSpecs } from "./podMonitors.ts";
import { azureRuleGroups, prometheusRuleSpec } from "./rules.ts";

/** Registers what scrapes the platform, and the alerts. Registers nothing for the kind `none`. */
export function createMonitoring(
  name: string,
  namespace: pulumi.Input<string>,
  args: ResolvedArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  const { monitoring } = args;
  if (monitoring.kind === "none") return;
  const apiVersion = `${MONITOR_GROUPS[monitoring.kind]}/${MONITOR_VERSION}`;
  const labels = monitoring.kind === "prometheusOperator" ? monitoring.labels : {};
  // The API server drops an empty map, and every deploy would add it again.
  const labelled = Object.keys(labels).length > 0 && { labels };
  const metadata = (suffix: string) => ({ name: `logging-${suffix}`, namespace, ...labelled });
  for (const [release, spec] of Object.entries(podMonitorSpecs(args, monitoring)))
    new CustomResource(
      `${name}-monitor-${release}`,
      { apiVersion, kind: "PodMonitor", metadata: metadata(release), spec },
      opts,
    );
  if (monitoring.kind === "prometheusOperator") {
    new CustomResource(
      `${name}-alerts`,
      {
        apiVersion,
        kind: "PrometheusRule",
        metadata: metadata("alerts"),
        spec: prometheusRuleSpec(args, monitoring),
      },
      opts,
    );
    return;
  }
  const resourceGroupName =
    monitoring.resourceGroupName ?? parseAksResourceId(args.cluster.resourceId ?? "")?.resourceGroupName ?? "";
  for (const [about, group] of Object.entries(azureRuleGroups(args, monitoring)))
    new PrometheusRuleGroup(`${name}-alerts-${about}`, { resourceGroupName, ...group }, opts);
}
