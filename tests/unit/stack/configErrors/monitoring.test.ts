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
  ...["bad/name", "rg.", "/subscriptions/x/resourceGroups/rg"].map((resourceGroupName) =>
    mistake(
      `a resource group's name that Azure refuses: ${resourceGroupName}`,
      { ...AZURE, resourceGroupName },
      "resourceGroupName",
      /the name of a resource group/,
      /az group list/,
    ),
  ),
  ...["our wiki", "https://git.example.com/runbooks.md#top", "https://x.example.com/{{ x"].map((runbooksUrl) =>
    mistake(
      `an address of the runbooks that no alert can link to: ${runbooksUrl}`,
      { kind: "prometheusOperator", runbooksUrl },
      "runbooksUrl",
      /without spaces, braces and #/,
      /your browser/,
    ),
  ),
  ...Object.entries({
    ...{ writerDiskPercent: [90, /less than 90/], silentNodeMinutes: [1441, /at most 1440/] },
    ...{ silentEventsHours: [1_000_000_000, /at most 168/], errorPercent: [101, /at most 100/] },
    queuePercent: [0, /more than 0/],
  } as Record<string, [number, RegExp]>).map(
    ([threshold, [value, allowed]]): Mistake => ({
      what: `a threshold at which no alert can help: ${threshold} ${value}`,
      change: (c) => {
        c.monitoring = { kind: "prometheusOperator", thresholds: { [threshold]: value } };
      },
      path: `monitoring.thresholds.${threshold}`,
      given: value,
      allowed,
      fix: /monitoring in docs/,
    }),
  ),
  ...[
    ...[{ "team-name": "x" }, { __team: "x" }, { severity: "page" }, { alertname: "x" }, { pod: "x" }],
    { team: "{{ $labels.team }}" },
  ].map((alertLabels) =>
    mistake(
      `labels of alerts that Prometheus refuses or an alert has: ${JSON.stringify(alertLabels)}`,
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
]);
