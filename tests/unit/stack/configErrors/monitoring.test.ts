import { describeMistakes, type Mistake } from "./mistakes.ts";

const GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers";
const WORKSPACE = `${GROUP}/Microsoft.Monitor/accounts/metrics`;
const LOG_ANALYTICS = `${GROUP}/Microsoft.OperationalInsights/workspaces/logs`;
const AZURE = { kind: "azureManagedPrometheus", workspaceId: WORKSPACE, location: "westeurope" };
const action = (name: string) => `${GROUP}/Microsoft.Insights/actionGroups/${name}`;

/** A mistake in one key. */
const mistake = (
  what: string,
  monitoring: Record<string, unknown>,
  key: string,
  allowed: RegExp,
  fix: RegExp,
): Mistake => ({
  what,
  change: (c) => Object.assign(c, { monitoring }),
  path: `monitoring.${key}`,
  given: monitoring[key],
  allowed,
  fix,
});

describeMistakes("the monitoring", [
  mistake("an unknown kind", { kind: "prometheus" }, "kind", /none.*prometheusOperator/, /monitoring in docs/),
  mistake(
    "a Log Analytics workspace instead of an Azure Monitor workspace",
    { ...AZURE, workspaceId: LOG_ANALYTICS },
    "workspaceId",
    /Microsoft\.Monitor\/accounts/,
    /az monitor account show/,
  ),
  mistake(
    "a region with spaces",
    { ...AZURE, location: "West Europe" },
    "location",
    /westeurope/,
    /az monitor account/,
  ),
  mistake(
    "an evaluation less often than Azure allows",
    { ...AZURE, evaluationMinutes: 20 },
    "evaluationMinutes",
    /1 to 15/,
    /write 15/,
  ),
  mistake(
    "more action groups than Azure allows",
    { ...AZURE, actionGroupIds: ["a", "b", "c", "d", "e", "f"].map(action) },
    "actionGroupIds",
    /5 action groups at most/,
    /fewer action groups/,
  ),
  ...[{ "bad key!": "x" }, { release: "kube prometheus stack" }, { "a/b/c": "x" }, { release: "x".repeat(64) }].map(
    (labels) =>
      mistake(
        `labels that no selector can have: ${Object.keys(labels)}`,
        { kind: "prometheusOperator", labels },
        "labels",
        /labels of Kubernetes/,
        /kubectl get prometheus/,
      ),
  ),
  ...[{ "team-name": "x" }, { severity: "page" }].map((alertLabels) =>
    mistake(
      `labels of alerts that Prometheus refuses or the stack sets: ${Object.keys(alertLabels)}`,
      { kind: "prometheusOperator", alertLabels },
      "alertLabels",
      /letters, digits and _/,
      /team: platform/,
    ),
  ),
  {
    what: "Azure's rule groups without the cluster's ID, which they name",
    change: (c) => {
      c.monitoring = AZURE;
      c.access = { method: "kubeconfig", path: "kubeconfig", context: "prod-aks-a" };
      c.nodePool = { mode: "none" };
      delete c.cluster.resourceId;
    },
    path: "monitoring.kind",
    given: "azureManagedPrometheus",
    allowed: /cluster\.resourceId is not set/,
    fix: /set cluster\.resourceId/,
  },
  ...["logging", "logging/loki-*", "logging/*canary*"].map(
    (pattern): Mistake => ({
      what: `an exclusion of the canary's own lines: ${pattern}`,
      change: (c) => {
        c.alloy.exclude = ["kube-system", pattern];
      },
      path: "alloy.exclude",
      given: pattern,
      allowed: /matches the canary/,
      fix: /loki\.canary: false/,
    }),
  ),
]);
