import { describeMistakes, type Mistake } from "./mistakes.ts";

const GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers";
const ZEROS = "00000000-0000-0000-0000-000000000000";
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
  ...[
    ["an ID whose GUID has dashes alone", WORKSPACE.replace(ZEROS, "-".repeat(36))],
    ["an ID whose GUID has no dashes", WORKSPACE.replace(ZEROS, "0".repeat(36))],
    ["an ID whose resource group ends with a dot", WORKSPACE.replace("/rg/", "/rg./")],
    ["an ID with a space in its resource group", WORKSPACE.replace("/rg/", "/my group/")],
    ["an ID with a name left open", WORKSPACE.replace("metrics", "<name>")],
    ["an ID that this page shortens", WORKSPACE.replace("metrics", "…")],
    ["an ID without its first slash", WORKSPACE.slice(1)],
    ["a name alone", "metrics"],
  ].map(([what = "", workspaceId]) =>
    mistake(
      what,
      { ...AZURE, workspaceId },
      "workspaceId",
      /Microsoft\.Monitor\/accounts/,
      /^copy what `az monitor account/,
    ),
  ),
  // Each has the ID inside, and the fix is this ID.
  ...[`https://portal.azure.com/#@x/resource${WORKSPACE}/overview`, `${WORKSPACE}/`, `${WORKSPACE}?api-version=1`].map(
    (workspaceId) =>
      mistake(
        `more than the ID: ${workspaceId.replace(WORKSPACE, "ID")}`,
        { ...AZURE, workspaceId },
        "workspaceId",
        /Microsoft\.Monitor\/accounts/,
        new RegExp(`^write ${WORKSPACE}$`),
      ),
  ),
  mistake(
    "no workspace",
    { kind: "azureManagedPrometheus", location: "westeurope" },
    "workspaceId",
    /^a value is needed: \/subscriptions\/.*Microsoft\.Monitor\/accounts/,
    /monitoring in docs/,
  ),
  ...[
    ["a name", "on-call"],
    ["an ID whose GUID has dashes alone", action("a").replace(ZEROS, "-".repeat(36))],
    ["a name that is encoded", action("on%20call")],
  ].map(
    ([what = "", id = ""]): Mistake => ({
      what: `an action group that is not an ID: ${what}`,
      change: (c) => {
        c.monitoring = { ...AZURE, actionGroupIds: [action("a"), id] };
      },
      path: "monitoring.actionGroupIds[1]",
      given: id,
      allowed: /Microsoft\.Insights\/actionGroups\/<name>$/,
      fix: /^copy what `az monitor action-group show/,
    }),
  ),
  ...[action("a"), action("A").toLowerCase()].map((again) =>
    mistake(
      `an action group twice: ${again}`,
      { ...AZURE, actionGroupIds: [action("a"), again] },
      "actionGroupIds",
      /each action group once/,
      /remove the one that is there twice/,
    ),
  ),
  mistake(
    "no namespace of Prometheus",
    { kind: "prometheusOperator", namespaces: [] },
    "namespaces",
    /^at least 1 entry$/,
    /monitoring in docs/,
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
  ...[
    { "bad key!": "x" },
    { release: "kube prometheus stack" },
    { "a/b/c": "x" },
    { release: "x".repeat(64) },
    { "a..b/c": "x" },
    { "a.-b/c": "x" },
    { "/c": "x" },
  ].map((labels) =>
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
  ...[
    "our wiki",
    "https://git.example.com/runbooks.md#top",
    "https://x.example.com/{{ x",
    "https://",
    "https:/git.example.com",
    "file:///runbooks.md",
    "javascript:x",
  ].map((runbooksUrl) =>
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
    ...{ silentEventsHours: [1_000_000_000, /at most 168/], errorPercent: [100, /less than 100/] },
    ...{ queuePercent: [95, /less than 95/], canaryLostPercent: [0, /more than 0/] },
    // Loki and the canary tell no longer times apart.
    ...{ pushSeconds: [100, /less than 100/], querySeconds: [120, /less than 100/] },
    ...{ objectStoreSeconds: [5, /less than 2/], canarySeconds: [300, /less than 256/] },
    ...{ keyDays: [36_500, /at most 3650/], restarts: [100, /at most 20/], retentionHours: [10_000, /at most 720/] },
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
    ...[{ team: "{{ $labels.team }}" }, { team: "" }],
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
