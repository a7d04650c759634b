// What is registered for each kind of Prometheus, and that one alert pack is rendered to both shapes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import type { OfflinePlan } from "../../../../automation/plan/offlinePlan.ts";
import { checkArgs } from "../../../../components/args.ts";
import { Findings } from "../../../../components/findings.ts";
import type { Alert } from "../../../../components/monitoring/alerts/alert.ts";
import { alertGroups } from "../../../../components/monitoring/alerts/pack.ts";
import { MOST_RULES } from "../../../../components/monitoring/azureLimits.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, plan, planOf, resource, stackFile } from "../../../harness/plannedStack.ts";

const SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups";
const AZURE = {
  kind: "azureManagedPrometheus",
  workspaceId: `${SUBSCRIPTION}/rg-metrics/providers/Microsoft.Monitor/accounts/metrics`,
  location: "westeurope",
  actionGroupIds: [`${SUBSCRIPTION}/rg-metrics/providers/Microsoft.Insights/actionGroups/on-call`],
  runbooksUrl: "https://git.example/logging/docs/runbooks.md",
  thresholds: { bucketGiB: 100 },
};
const OPERATOR = {
  kind: "prometheusOperator",
  labels: { release: "kube-prometheus-stack" },
  alertLabels: { team: "platform" },
  runbooksUrl: AZURE.runbooksUrl,
  thresholds: AZURE.thresholds,
};

/** With every part that has alerts. */
const withAll = (monitoring: object) =>
  stackFile((c) =>
    Object.assign(c, { monitoring, alloy: { ...c.alloy, events: { enabled: true }, journal: { units: ["kernel"] } } }),
  );
const planWith = (monitoring: object): Promise<OfflinePlan> => plan(withAll(monitoring));
const ours = ({ resources }: OfflinePlan) => resources.filter(({ name }) => /^logging-(monitor-|alerts)/.test(name));

/** The alerts of a kind, independent of its shape. */
async function alertsOf(monitoring: Loose): Promise<Alert[]> {
  const { resolved } = await load(withAll(monitoring));
  assert.ok(resolved.monitoring.kind !== "none");
  return alertGroups(resolved, resolved.monitoring).flatMap(({ alerts }) => alerts);
}

it("by default nothing is registered, and every preview shows that nobody is alerted", async () => {
  const committed = await planOf("prod-aks-a");
  assert.deepEqual(ours(committed), []);
  assert.match(committed.warnings.join("\n"), /^monitoring\.kind is none: nobody will be alerted/m);
});

describe("for Prometheus Operator", () => {
  let planned: OfflinePlan;
  before(async () => {
    planned = await planWith(OPERATOR);
  });

  it("two PodMonitors and a PrometheusRule are registered, with the labels of its selectors, after Alloy", () => {
    assert.deepEqual(
      ours(planned).map(({ type, name }) => `${type} ${name}`),
      [
        "kubernetes:monitoring.coreos.com/v1:PodMonitor logging-monitor-alloy",
        "kubernetes:monitoring.coreos.com/v1:PodMonitor logging-monitor-loki",
        "kubernetes:monitoring.coreos.com/v1:PrometheusRule logging-alerts",
      ],
    );
    for (const { inputs, dependsOn } of ours(planned)) {
      const { labels, namespace } = inputs.metadata as Loose;
      assert.deepEqual({ labels, namespace }, { labels: OPERATOR.labels, namespace: "logging" });
      assert.ok(dependsOn.includes("kubernetes:helm.sh/v3:Release::logging-alloy"));
    }
    assert.deepEqual(planned.warnings, []);
  });

  it("without labels, the objects have no empty map, which every deploy would add again", async () => {
    const { labels: _, ...plain } = OPERATOR;
    for (const monitoring of [plain, AZURE])
      for (const { type, inputs } of ours(await planWith(monitoring)))
        if (type.startsWith("kubernetes:")) assert.ok(!("labels" in (inputs.metadata as object)), type);
  });

  it("a PodMonitor names the port that has metrics, and gives the labels that the alerts use", () => {
    for (const [name, port] of [
      ["loki", "http-metrics"],
      ["alloy", "metrics"],
    ] as const) {
      const { selector, podMetricsEndpoints, labelLimit } = resource(planned, `logging-monitor-${name}`).inputs
        .spec as Loose;
      assert.deepEqual(selector.matchLabels, { "app.kubernetes.io/instance": name });
      assert.equal(podMetricsEndpoints[0].port, port);
      const targets = podMetricsEndpoints[0].relabelings.map(({ targetLabel }: Loose) => targetLabel);
      assert.deepEqual(targets, ["cluster", "node", "component"]);
      assert.equal(labelLimit, undefined);
    }
  });

  it("each rule has the alert's parts, the labels for Alertmanager's routes, and a link to its runbook", async () => {
    const { groups } = resource(planned, "logging-alerts").inputs.spec as Loose;
    const rules: Loose[] = groups.flatMap((group: Loose) => group.rules);
    const alerts = await alertsOf(OPERATOR);
    assert.deepEqual(
      rules,
      alerts.map(({ name, expression, forMinutes, severity, summary }) => ({
        alert: name,
        expr: expression,
        ...(forMinutes > 0 && { for: `${forMinutes}m` }),
        labels: { team: "platform", cluster: "prod-aks-a", severity },
        annotations: { summary, runbook_url: `${OPERATOR.runbooksUrl}#${name.toLowerCase()}` },
      })),
    );
  });
});

describe("for Azure's managed Prometheus", () => {
  let planned: OfflinePlan;
  before(async () => {
    planned = await planWith(AZURE);
  });
  const groups = (): Loose[] =>
    ours(planned)
      .filter(({ type }) => type === "azure-native:alertsmanagement:PrometheusRuleGroup")
      .map(({ inputs }) => inputs);

  it("PodMonitors are of Azure's API group, with the limits without which its collector drops them", () => {
    for (const name of ["alloy", "loki"]) {
      const monitor = resource(planned, `logging-monitor-${name}`, "kubernetes:azmonitoring.coreos.com/v1:PodMonitor");
      const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = monitor.inputs.spec as Loose;
      assert.deepEqual([labelLimit, labelNameLengthLimit, labelValueLengthLimit], [63, 511, 1023]);
    }
  });

  it("rule groups have the workspace and the cluster as scopes, and stay within Azure's limits", () => {
    assert.equal(groups().length, 4);
    for (const { scopes, clusterName, rules, interval, location, resourceGroupName, ruleGroupName } of groups()) {
      assert.deepEqual(scopes, [
        AZURE.workspaceId,
        `${SUBSCRIPTION}/rg-prod-aks-a/providers/Microsoft.ContainerService/managedClusters/prod-aks-a`,
      ]);
      // Azure's rules read the series with this label, and the PodMonitors set it.
      assert.equal(clusterName, "prod-aks-a");
      assert.ok(rules.length > 0 && rules.length <= MOST_RULES, `${ruleGroupName} has ${rules.length} rules`);
      assert.deepEqual([interval, location, resourceGroupName], ["PT1M", "westeurope", "rg-prod-aks-a"]);
      assert.match(ruleGroupName, /^prod-aks-a-logging-[a-z]+$/);
    }
  });

  it("a cluster with another name in Azure gets a warning: kube-state-metrics has that name", async () => {
    const { warnings } = await plan(
      stackFile((config) => {
        config.monitoring = AZURE;
        config.cluster.resourceId = config.cluster.resourceId.replace(/[^/]+$/, "aks-weu-01");
      }),
    );
    assert.match(
      warnings.join("\n"),
      /the AKS cluster is aks-weu-01: LoggingAgentMissing.*cluster_alias = "prod-aks-a"/,
    );
    assert.doesNotMatch(planned.warnings.join("\n"), /cluster_alias/);
  });

  it("has the same alerts as Prometheus Operator, in Azure's words", async () => {
    const rules: Loose[] = groups().flatMap((group) => group.rules);
    const azure = Object.fromEntries(rules.map((rule) => [rule.alert, rule]));
    const alerts = await alertsOf(AZURE);
    assert.equal(rules.length, alerts.length);
    assert.deepEqual(alerts, await alertsOf(OPERATOR));
    for (const { name, expression, forMinutes, severity, summary } of alerts) {
      assert.equal(azure[name].expression, expression);
      assert.equal(azure[name].for, forMinutes > 0 ? `PT${forMinutes}M` : undefined, name);
      assert.equal(azure[name].severity, { critical: 0, warning: 2, none: 4 }[severity]);
      assert.deepEqual(azure[name].actions, [{ actionGroupId: AZURE.actionGroupIds[0] }]);
      assert.deepEqual(azure[name].annotations, {
        summary,
        runbook_url: `${AZURE.runbooksUrl}#${name.toLowerCase()}`,
      });
    }
  });

  it("warns when no action group is named: nobody is notified", () => {
    const findings = new Findings();
    const { config } = stackFile();
    const args = Object.fromEntries(
      Object.entries(config)
        .filter(([key]) => /^logging:(?!access)/.test(key))
        .map(([key, text]) => [key.replace("logging:", ""), JSON.parse(text)]),
    );
    checkArgs({ ...args, monitoring: { ...AZURE, actionGroupIds: [] } }, findings);
    assert.deepEqual(findings.problems, []);
    assert.match(findings.warnings.join("\n"), /actionGroupIds is empty: .* nobody is notified/);
  });
});

describe("an alert", () => {
  it("of the canary exists only with the canary", async () => {
    const { resolved } = await load(
      stackFile((c) => {
        c.monitoring = OPERATOR;
        c.loki.canary = false;
      }),
    );
    assert.ok(resolved.monitoring.kind !== "none");
    const alerts = alertGroups(resolved, resolved.monitoring).flatMap((group) => group.alerts);
    assert.deepEqual(
      alerts.filter(({ name, expression }) => /Canary/.test(name) || /canary/.test(expression)),
      [],
    );
  });

  it("has a summary that is right for one and for many", async () => {
    for (const { name, summary } of await alertsOf({ ...OPERATOR, thresholds: { bucketGiB: 100 } }))
      assert.doesNotMatch(summary, /\{\{ \$value \}\} [a-z]+s\b/, name);
  });

  it("takes its thresholds from the arguments", async () => {
    const tuned = await alertsOf({ ...OPERATOR, thresholds: { queuePercent: 80, silentNodeMinutes: 5 } });
    const found = (name: string): Alert => tuned.find((alert) => alert.name === name) as Alert;
    assert.match(found("LoggingQueueHalfFull").expression, /> 0\.8$/);
    assert.equal(found("LoggingNodeSilent").forMinutes, 5);
    assert.ok(!tuned.some(({ name }) => name === "LoggingBucketTooLarge"));
  });

  it("has a section in docs/runbooks.md with meaning, impact, diagnosis and fix, and each section has an alert", async () => {
    const sections = readFileSync("docs/runbooks.md", "utf8").split(/^## /m).slice(1);
    const alerts = await alertsOf(OPERATOR);
    assert.deepEqual(sections.map((text) => text.split("\n")[0]).sort(), alerts.map(({ name }) => name).sort());
    for (const section of sections) {
      const name = section.split("\n")[0];
      for (const part of ["Meaning", "Impact", "Diagnosis", "Fix"])
        assert.match(section, new RegExp(`^\\*\\*${part}\\.\\*\\*\\s+\\S`, "m"), `${name}: ${part}`);
      if (name !== "LoggingWatchdog") assert.match(section, /```bash\n\S/, `${name}: a command`);
    }
  });
});
