// How the real provider and Azure Monitor react to a group of Prometheus rules.
// https://learn.microsoft.com/rest/api/monitor/prometheus-rule-groups/create-or-update

import { AzureError, type Kind, type Properties } from "./kind.ts";
import { argsType, type Failure, misfits, UNKNOWN } from "./sdkTypes.ts";

const API_VERSION = "2023-03-01";

/** Limits of the service. https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#alert-and-recording-rules */
const MOST_RULES = 20;
const MOST_ACTION_GROUPS = 5;

const GROUP_NAME = /^[^:@/#{}%&+*<>?]+$/;
const WORKSPACE = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Monitor\/accounts\/[^/]+$/i;
const CLUSTER =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerService\/managedClusters\/[^/]+$/i;
const ACTION_GROUP =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Insights\/actionGroups\/[^/]+$/i;
/** Whole minutes or seconds of ISO 8601. */
const DURATION = /^PT(\d+)([MS])$/;

const failure = (property: string, reason: string): Failure => ({ property, reason });

/** The types of the SDK, and the pattern of the name in the provider's schema. */
function check(inputs: Properties): Failure[] {
  const { azureApiVersion: _, ...args } = inputs;
  const { ruleGroupName: name } = args;
  return [
    ...misfits(args, argsType("alertsmanagement/prometheusRuleGroup.d.ts", "PrometheusRuleGroupArgs")),
    ...(typeof name === "string" && name !== UNKNOWN && !GROUP_NAME.test(name)
      ? [failure("ruleGroupName", `'ruleGroupName' must match ${GROUP_NAME.source}, is ${JSON.stringify(name)}`)]
      : []),
  ];
}

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expression: string;
  readonly for?: string;
  readonly severity?: number;
  readonly actions?: ReadonlyArray<{ readonly actionGroupId?: string }>;
}

/** What the service checks. */
function refusal(_olds: Properties | undefined, news: Properties): AzureError | undefined {
  const { scopes, rules, interval = "PT1M" } = news as { scopes: string[]; rules: Rule[]; interval?: string };
  const complaint =
    scopesComplaint(scopes) ??
    (rules.length === 0 || rules.length > MOST_RULES
      ? `a rule group holds 1 to ${MOST_RULES} rules, this one holds ${rules.length}`
      : undefined) ??
    (minutes(interval) >= 1 && minutes(interval) <= 15
      ? undefined
      : `interval must be between 1 and 15 minutes, is ${interval}`) ??
    rules.map(ruleComplaint).find((text) => text !== undefined);
  return complaint === undefined ? undefined : new AzureError("BadRequest", complaint);
}

function scopesComplaint([workspace = "", cluster, ...others]: string[]): string | undefined {
  if (!WORKSPACE.test(workspace)) return `the first scope must be an Azure Monitor workspace, is ${workspace}`;
  if (cluster !== undefined && !CLUSTER.test(cluster)) return `the second scope must be a cluster, is ${cluster}`;
  return others.length > 0 ? "scopes must have one or two entries" : undefined;
}

function ruleComplaint({ alert, record, for: held, severity, actions = [] }: Rule): string | undefined {
  const name = alert ?? record;
  if ((alert === undefined) === (record === undefined)) return "a rule is either an alert or a record";
  if (held !== undefined && Number.isNaN(minutes(held))) return `${name}: 'for' is not a duration of ISO 8601: ${held}`;
  if (severity !== undefined && !(Number.isInteger(severity) && severity >= 0 && severity <= 4))
    return `${name}: severity must be 0 to 4, is ${severity}`;
  if (actions.length > MOST_ACTION_GROUPS) return `${name}: at most ${MOST_ACTION_GROUPS} action groups`;
  const wrong = actions.find(({ actionGroupId = "" }) => !ACTION_GROUP.test(actionGroupId));
  return wrong && `${name}: not an action group: ${wrong.actionGroupId}`;
}

/** Minutes of a duration; not a number if it is not one. */
function minutes(duration: string): number {
  const [, count, unit] = DURATION.exec(duration) ?? [];
  return unit === "M" ? Number(count) : unit === "S" ? Number(count) / 60 : Number.NaN;
}

export const prometheusRuleGroup: Kind = {
  apiVersion: API_VERSION,
  check,
  replacing: ["resourceGroupName", "ruleGroupName", "location"],
  refusal,
  outputs: ({ resourceGroupName: _group, ruleGroupName: _name, ...body }, name, isPreview = false) => ({
    ...body,
    type: isPreview ? UNKNOWN : "Microsoft.AlertsManagement/prometheusRuleGroups",
    name,
    azureApiVersion: API_VERSION,
  }),
  nameOf: ({ ruleGroupName }) => ruleGroupName,
  idOf: (subscriptionId, { resourceGroupName, ruleGroupName }) =>
    `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}/providers/Microsoft.AlertsManagement/prometheusRuleGroups/${ruleGroupName}`,
};
