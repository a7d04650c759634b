import { z } from "zod";
import { count, explained, text } from "../argumentTypes.ts";
import { armId, isResourceGroup } from "../armIds.ts";
import { parseAksResourceId } from "../cluster/args.ts";
import type { Findings } from "../findings.ts";
import { isLabelKey, isLabelValue, namespaceName } from "../kubernetesNames.ts";
import { LONGEST_MINUTES, MOST_ACTION_GROUPS } from "./azureLimits.ts";
import { thresholdsArgs } from "./thresholds.ts";

/** The warning about a stack without alerts. `npm start` and every change report show it. */
export const NOBODY_IS_ALERTED =
  "monitoring.kind is none: nobody will be alerted when lines stop arriving, or when a disk fills up.";

/** Labels that the stack and Prometheus give an alert, and those that tell its parts apart. One value for all parts would stop the alert. */
const OWN_LABELS = [
  ...["alertname", "alertstate", "cluster", "component", "container", "endpoint", "instance", "job", "name"],
  ...["namespace", "node", "operation", "pod", "reason", "route", "secret", "severity"],
];

const labels = z.record(z.string(), z.string()).refine(
  (map) => Object.entries(map).every(([key, value]) => isLabelKey(key) && isLabelValue(value)),
  explained({
    text: "labels of Kubernetes: keys of letters, digits, -, _ and ., with an optional DNS prefix and /, and values of 63 characters at most",
    fix: "write the labels that the selector of your Prometheus has: kubectl get prometheus -A -o yaml",
  }),
);

/** A label as Prometheus has it: its names have neither - nor /. https://prometheus.io/docs/concepts/data_model/ */
const alertLabels = z.record(z.string(), z.string()).refine(
  (map) =>
    Object.entries(map).every(
      ([key, value]) =>
        /^(?!__)[a-zA-Z_]\w*$/.test(key) && !OWN_LABELS.includes(key) && value !== "" && !value.includes("{{"),
    ),
  explained({
    text: `names of letters, digits and _, other than the alerts' own (${OWN_LABELS.join(", ")}), with values that are neither empty nor templates`,
    fix: "write the labels that Alertmanager's routes match: team: platform",
  }),
);

const resourceGroup = text.refine(
  isResourceGroup,
  explained({
    text: "the name of a resource group: letters, digits, _, -, ., ( and ), not . at its end",
    fix: "write what `az group list --query [].name -o tsv` prints",
  }),
);

const none = z.strictObject({
  /** Nothing scrapes the platform, and nobody is alerted. */
  kind: z.literal("none"),
});

const alerting = {
  /**
   * Seconds between two scrapes.
   * @default 30
   */
  scrapeSeconds: z.int().min(10).max(120).default(30),
  /**
   * Where your people read `docs/runbooks.md`: its address on your Git server. Each alert links to its own section.
   * @default "docs/runbooks.md"
   */
  runbooksUrl: text
    .refine(
      (address) =>
        /^[^\s#{}]+$/.test(address) && (/^https?:\/\/\w/i.test(address) || !/^[a-z][a-z0-9+.-]*:/i.test(address)),
      explained({
        text: "the address of the page (https://…), without spaces, braces and #: each alert adds #, and the name of its section",
        fix: "copy the page's address from your browser, up to the #",
      }),
    )
    .default("docs/runbooks.md"),
  /** When alerts fire. */
  thresholds: thresholdsArgs.prefault({}),
};

const prometheusOperator = z.strictObject({
  /** Prometheus Operator (kube-prometheus-stack): a PodMonitor and a PrometheusRule. https://prometheus-operator.dev/ */
  kind: z.literal("prometheusOperator"),
  /**
   * Prometheus's namespaces. The NetworkPolicies let them scrape, in addition to `network.monitoringNamespaces`.
   * @default ["monitoring"]
   */
  namespaces: z.array(namespaceName).min(1).default(["monitoring"]),
  /**
   * Labels of the PodMonitor and the PrometheusRule, for Prometheus's selectors: `release: kube-prometheus-stack`. Prometheus ignores what
   * its selectors do not match, without an error.
   * @default {}
   */
  labels: labels.default({}),
  /**
   * Labels of every alert, for the routes of Alertmanager: `team: platform`.
   * @default {}
   */
  alertLabels: alertLabels.default({}),
  ...alerting,
});

const azureManagedPrometheus = z.strictObject({
  /**
   * Azure Monitor managed service for Prometheus: a PodMonitor, and alerts as Azure's rule groups.
   * https://learn.microsoft.com/azure/azure-monitor/metrics/prometheus-rule-groups
   */
  kind: z.literal("azureManagedPrometheus"),
  /**
   * ARM ID of the Azure Monitor workspace that the cluster's metrics go to. A workspace has at most 500 rule groups in a subscription unless
   * Azure raises that, and each stack has four.
   * https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#alert-and-recording-rules
   */
  workspaceId: armId("Microsoft.Monitor/accounts", "az monitor account show --query id -o tsv"),
  /** Azure region of the workspace: `westeurope`. The rule groups have to be in the same one. */
  location: text.refine(
    (region) => /^[a-z]+[a-z0-9]*$/.test(region),
    explained({
      text: "the name of an Azure region, without spaces: westeurope",
      fix: "write what `az monitor account show --query location -o tsv` prints",
    }),
  ),
  /**
   * Resource group of the rule groups, in the cluster's subscription.
   * @default - the cluster's resource group
   */
  resourceGroupName: resourceGroup.optional(),
  /**
   * ARM IDs of the action groups that every alert calls, five at most.
   * https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups
   * @default []
   */
  actionGroupIds: z
    .array(armId("Microsoft.Insights/actionGroups", "az monitor action-group show --query id -o tsv"))
    .refine(
      (ids) => new Set(ids.map((id) => id.toLowerCase())).size === ids.length,
      explained({ text: "each action group once", fix: "remove the one that is there twice" }),
    )
    .refine(
      (ids) => ids.length <= MOST_ACTION_GROUPS,
      explained({
        text: `${MOST_ACTION_GROUPS} action groups at most: Azure accepts no more for an alert`,
        fix: "put the receivers into fewer action groups",
      }),
    )
    .default([]),
  /**
   * Minutes between two evaluations of the alerts, 1 to 15.
   * @default 1
   */
  evaluationMinutes: count
    .refine(
      (minutes) => minutes <= LONGEST_MINUTES,
      explained({
        text: `1 to ${LONGEST_MINUTES}: Azure's range for a rule group`,
        fix: `write ${LONGEST_MINUTES} or less`,
      }),
    )
    .default(1),
  ...alerting,
});

/** Arguments of the monitoring, by `kind`. */
export const monitoringArgs = z.discriminatedUnion("kind", [none, prometheusOperator, azureManagedPrometheus]);

/** The arguments, with every default filled in. */
export type Monitoring = z.output<typeof monitoringArgs>;

/** A kind with alerts. */
export type Alerting = Exclude<Monitoring, { kind: "none" }>;

/** Namespace of Azure's collector. */
const AZURE_COLLECTOR = "kube-system";

/** Namespaces whose pods scrape the platform. */
export function scrapingNamespaces(
  monitoring: Monitoring,
  { monitoringNamespaces }: { readonly monitoringNamespaces: readonly string[] },
): string[] {
  const own =
    monitoring.kind === "prometheusOperator"
      ? monitoring.namespaces
      : monitoring.kind === "azureManagedPrometheus"
        ? [AZURE_COLLECTOR]
        : [];
  return [...new Set([...monitoringNamespaces, ...own])];
}

/** Checks the monitoring against the cluster, and warns when nobody would be alerted. */
export function checkMonitoring(
  monitoring: Monitoring,
  cluster: { readonly name?: string; readonly resourceId?: string | undefined } | undefined,
  findings: Findings,
): void {
  findings.when(["monitoring.kind"], () => {
    if (monitoring.kind === "none") findings.warn(NOBODY_IS_ALERTED);
  });
  findings.when(["monitoring.kind", "monitoring.actionGroupIds"], () => {
    if (monitoring.kind === "azureManagedPrometheus" && monitoring.actionGroupIds.length === 0)
      findings.warn("monitoring.actionGroupIds is empty: alerts appear in the Azure portal, and nobody is notified.");
  });
  findings.when(["monitoring.kind", "cluster.resourceId", "cluster.name"], () => {
    const aks = parseAksResourceId(cluster?.resourceId ?? "")?.resourceName;
    if (monitoring.kind === "azureManagedPrometheus" && aks !== undefined && cluster?.name !== aks)
      findings.warn(
        `cluster.name is ${cluster?.name}, and the AKS cluster is ${aks}: LoggingAgentMissing and LoggingKeysOld find nothing, because Azure gives the metrics of kube-state-metrics the label cluster="${aks}". Set cluster_alias = "${cluster?.name}" in the ConfigMap ama-metrics-settings-configmap: https://learn.microsoft.com/azure/azure-monitor/containers/prometheus-metrics-scrape-configuration#cluster-alias`,
      );
  });
  findings.when(["monitoring.kind", "cluster.resourceId"], () => {
    findings.check(
      monitoring.kind !== "azureManagedPrometheus" || parseAksResourceId(cluster?.resourceId ?? "") !== undefined,
      {
        subject: "monitoring.kind",
        given: monitoring.kind,
        text: "none or prometheusOperator, because cluster.resourceId is not set: Azure's rule groups name the cluster",
        fix: "set cluster.resourceId to what `az aks show --query id -o tsv` prints",
      },
    );
  });
}
