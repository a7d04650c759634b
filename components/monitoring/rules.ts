import type { ResolvedArgs } from "../args.ts";
import type { Alert, Severity } from "./alerts/alert.ts";
import { alertGroups } from "./alerts/pack.ts";
import type { Alerting } from "./args.ts";
import { MOST_RULES } from "./azureLimits.ts";

type Operator = Extract<Alerting, { kind: "prometheusOperator" }>;
type Azure = Extract<Alerting, { kind: "azureManagedPrometheus" }>;

const annotations = ({ name, summary }: Alert, { runbooksUrl }: Alerting) => ({
  summary,
  runbook_url: `${runbooksUrl}#${name.toLowerCase()}`,
});

/** A PrometheusRule's fields. https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export const prometheusRuleSpec = (args: ResolvedArgs, monitoring: Operator) => ({
  groups: alertGroups(args, monitoring).map(({ name, alerts }) => ({
    name: `logging-${name}`,
    rules: alerts.map((alert) => ({
      alert: alert.name,
      expr: alert.expression,
      ...(alert.forMinutes > 0 && { for: `${alert.forMinutes}m` }),
      labels: { ...monitoring.alertLabels, cluster: args.cluster.name, severity: alert.severity },
      annotations: annotations(alert, monitoring),
    })),
  })),
});

/** Azure's severities: 0 critical, 1 error, 2 warning, 3 informational, 4 verbose. */
const AZURE_SEVERITY = { critical: 0, warning: 2, none: 4 } as const satisfies Record<Severity, number>;

/**
 * Azure's rule groups by what they are about, without their resource group. https://learn.microsoft.com/azure/azure-monitor/metrics/prometheus-rule-groups
 *
 * @throws {RangeError} for a group with more rules than Azure accepts. No argument leads to that.
 */
export const azureRuleGroups = (args: ResolvedArgs, monitoring: Azure) =>
  Object.fromEntries(
    alertGroups(args, monitoring).map(({ name, alerts }) => {
      if (alerts.length > MOST_RULES)
        throw new RangeError(`${name} has ${alerts.length} rules, and Azure accepts ${MOST_RULES}`);
      const { cluster } = args;
      const group = {
        ruleGroupName: `${cluster.name}-logging-${name}`,
        location: monitoring.location,
        description: `Alerts of the log platform of ${cluster.name}: ${name}`,
        enabled: true,
        interval: minutes(monitoring.evaluationMinutes),
        // With the cluster, the rules read only its metrics of all in the workspace: those with this label, which the PodMonitors set.
        clusterName: cluster.name,
        scopes: [monitoring.workspaceId, ...(cluster.resourceId ? [cluster.resourceId] : [])],
        rules: alerts.map((alert) => azureRule(alert, args, monitoring)),
      };
      return [name, group];
    }),
  );

const azureRule = (alert: Alert, { cluster }: ResolvedArgs, monitoring: Azure) => ({
  alert: alert.name,
  enabled: true,
  expression: alert.expression,
  ...(alert.forMinutes > 0 && { for: minutes(alert.forMinutes) }),
  severity: AZURE_SEVERITY[alert.severity],
  labels: { cluster: cluster.name, severity: alert.severity },
  annotations: annotations(alert, monitoring),
  actions: monitoring.actionGroupIds.map((actionGroupId) => ({ actionGroupId })),
  resolveConfiguration: { autoResolved: true, timeToResolve: minutes(10) },
});

/** An ISO 8601 duration. */
const minutes = (count: number): string => `PT${count}M`;
