import { alloyByNode } from "./alloyByNode.ts";
import type { DashboardFacts } from "./facts.ts";
import { incidentLines } from "./incidentLines.ts";
import type { DashboardName } from "./names.ts";
import { platformHealth } from "./platformHealth.ts";
import { whoLogsWhat } from "./whoLogsWhat.ts";

const DASHBOARDS = {
  health: platformHealth,
  usage: whoLogsWhat,
  alloy: alloyByNode,
  incident: incidentLines,
} satisfies Record<DashboardName, unknown>;

/** The dashboards in Grafana's JSON, by their names. */
export const dashboardFiles = (facts: DashboardFacts): Record<DashboardName, string> => {
  const text = (name: DashboardName): string => `${JSON.stringify(DASHBOARDS[name](facts), null, 2)}\n`;
  return { health: text("health"), usage: text("usage"), alloy: text("alloy"), incident: text("incident") };
};
