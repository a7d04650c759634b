/** The dashboards, by the name that their files and ConfigMaps have. */
export const DASHBOARD_NAMES = ["health", "usage", "alloy", "incident"] as const;

/** The name of a dashboard. */
export type DashboardName = (typeof DASHBOARD_NAMES)[number];

/** The name of a dashboard's file. */
export const dashboardFile = (name: DashboardName): string => `log-platform-${name}.json`;
