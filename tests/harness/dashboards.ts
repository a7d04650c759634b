// What the panels and variables of a dashboard ask for, in the words of Prometheus and Loki.

import { dashboardFiles } from "../../components/grafana/dashboards/all.ts";
import { dashboardFacts } from "../../components/grafana/dashboards/facts.ts";
import { DASHBOARD_NAMES } from "../../components/grafana/dashboards/names.ts";
import type { Loose } from "./manifest.ts";

/** One query of a panel. */
export interface PanelQuery {
  /** The dashboard, and the panel's title. */
  readonly panel: string;
  readonly description: string;
  readonly language: "prometheus" | "loki";
  readonly expression: string;
  readonly instant: boolean;
}

/** A list that Grafana fills from a label. */
export interface ChoiceQuery {
  readonly choice: string;
  readonly language: "prometheus" | "loki";
  readonly label: string;
  /** Series or streams that have the label. */
  readonly selector: string;
}

/** The range of a query for which Grafana finds one. */
const RANGE = "1m";

/** An expression as Grafana sends it, with everything chosen. */
const filledIn = (expression: string, cluster: string): string =>
  expression
    .replaceAll("$cluster", cluster)
    .replaceAll("$__rate_interval", RANGE)
    .replaceAll("$__auto", RANGE)
    .replaceAll("$text", "")
    .replaceAll(/\$(namespace|container|node)/g, ".+");

/** The dashboards of a stack, as Grafana reads them. */
export const dashboardsOf = (args: Parameters<typeof dashboardFacts>[0]): Loose[] => {
  const files = dashboardFiles(dashboardFacts(args));
  return DASHBOARD_NAMES.map((name) => JSON.parse(files[name]));
};

/** Every query of every panel. */
export const panelQueries = (args: Parameters<typeof dashboardFacts>[0]): PanelQuery[] =>
  dashboardsOf(args).flatMap(({ title, panels }) =>
    (panels as Loose[])
      .filter(({ type }) => type !== "row")
      .flatMap((panel) =>
        (panel.targets as Loose[]).map(
          (target): PanelQuery => ({
            panel: `${title}: ${panel.title}`,
            description: panel.description,
            language: panel.datasource.type,
            expression: filledIn(target.expr, args.cluster.name),
            instant: target.instant === true || target.queryType === "instant",
          }),
        ),
      ),
  );

/** Every list of values that a person chooses from. */
export const choiceQueries = (args: Parameters<typeof dashboardFacts>[0]): ChoiceQuery[] =>
  dashboardsOf(args).flatMap(({ title, templating }) =>
    (templating.list as Loose[])
      .filter(({ type }) => type === "query")
      .map(({ name, datasource, query }): ChoiceQuery => {
        const [, series = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(query.query ?? "") ?? [];
        return {
          choice: `${title}: ${name}`,
          language: datasource.type,
          label: label || query.label,
          selector: filledIn(series || query.stream, args.cluster.name),
        };
      }),
  );
