// Azure's limits of Prometheus rule groups.
// https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#alert-and-recording-rules
// https://learn.microsoft.com/rest/api/monitor/prometheus-rule-groups/create-or-update

/** Rules in one group. Azure does not raise it. */
export const MOST_RULES = 20;

/** Action groups of one alert rule. https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups#reusability-and-execution */
export const MOST_ACTION_GROUPS = 5;

/** Minutes between two evaluations. The REST API takes 1 to 15, although the page of limits names 24 hours. */
export const LONGEST_MINUTES = 15;
