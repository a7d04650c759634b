// Azure's limits of Prometheus rule groups.
// https://learn.microsoft.com/azure/azure-monitor/metrics/prometheus-rule-groups
// https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#prometheus-metrics

/** Rules in one group. */
export const MOST_RULES = 20;

/** Action groups of one alert. */
export const MOST_ACTION_GROUPS = 5;

/** Minutes between two evaluations. */
export const LONGEST_MINUTES = 15;
