import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  type DataSourceRef,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LogsSortOrder,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TableSortByFieldStateBuilder,
  VizLegendOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as LogsPanel } from "@grafana/grafana-foundation-sdk/logs";
import { DataqueryBuilder as LokiQuery } from "@grafana/grafana-foundation-sdk/loki";
import { DataqueryBuilder as PrometheusQuery, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatPanel } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TablePanel } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeriesPanel } from "@grafana/grafana-foundation-sdk/timeseries";

/** A query language, with the variable that holds its data source. */
export interface Source {
  readonly ref: DataSourceRef;
  readonly query: (target: Target) => Builder<Dataquery>;
}

/** One query of a panel. */
interface Target {
  readonly id: string;
  readonly expression: string;
  readonly legend: string;
  /** Asks for one value now, not for one at every point of the time range. */
  readonly instant: boolean;
}

/** PromQL. */
export const prometheus = (variable: string): Source => ({
  ref: { type: "prometheus", uid: `\${${variable}}` },
  query: ({ id, expression, legend, instant }) => {
    const query = new PrometheusQuery().refId(id).expr(expression).legendFormat(legend);
    return instant ? query.instant().format(PromQueryFormat.Table) : query.range();
  },
});

/** LogQL. */
export const loki = (variable: string): Source => ({
  ref: { type: "loki", uid: `\${${variable}}` },
  query: ({ id, expression, legend, instant }) =>
    new LokiQuery()
      .refId(id)
      .expr(expression)
      .legendFormat(legend)
      .queryType(instant ? "instant" : "range"),
});

/** What every panel has. */
interface Shown {
  readonly title: string;
  /** For a person who has not seen it before: what is good, what is bad, and which alert watches it. */
  readonly description: string;
  /** Grafana's id of the unit: `s`, `bytes`, `percentunit`. */
  readonly unit: string;
  readonly source: Source;
  /** Expressions by their legend. */
  readonly queries: Readonly<Record<string, string>>;
  /** Where an alert fires, or above which a value is bad. */
  readonly bad?: number | undefined;
  /** Columns of 24. */
  readonly width?: number;
}

/** Draws zero, with the label `none`, for what has not happened yet: Loki and Alloy report a reason only after its first time. */
export const orZero = (expression: string, label: string): string =>
  `${expression} or label_replace(vector(0), "${label}", "none", "", "")`;

const HEIGHT = 8;

const targets = ({ source, queries }: Pick<Shown, "source" | "queries">, instant = false) =>
  Object.entries(queries).map(([legend, expression], i) =>
    source.query({ id: String.fromCharCode("A".charCodeAt(0) + i), expression, legend, instant }),
  );

const limits = (bad: number | undefined): Builder<{ mode: ThresholdsMode; steps: Threshold[] }> =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: "green" }, ...(bad === undefined ? [] : [{ value: bad, color: "red" }])]);

/** Lines over time. With `stacked`, areas whose heights add up. */
export function graph(shown: Shown & { readonly stacked?: boolean }): Builder<Panel> {
  const { title, description, unit, source, bad, width = 12, stacked = false } = shown;
  const panel = new TimeSeriesPanel()
    .title(title)
    .description(description)
    .unit(unit)
    .min(0)
    .datasource(source.ref)
    .height(HEIGHT)
    .span(width)
    .drawStyle(GraphDrawStyle.Line)
    .fillOpacity(stacked ? 30 : 5)
    .stacking(new StackingConfigBuilder().mode(stacked ? StackingMode.Normal : StackingMode.None))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
    .targets(targets(shown));
  return bad === undefined
    ? panel
    : panel
        .thresholds(limits(bad))
        .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
}

/** The newest value as a number. */
export const figure = (shown: Shown): Builder<Panel> =>
  new StatPanel()
    .title(shown.title)
    .description(shown.description)
    .unit(shown.unit)
    .datasource(shown.source.ref)
    .height(HEIGHT / 2)
    .span(shown.width ?? 6)
    .thresholds(limits(shown.bad))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .targets(targets(shown));

/** One row for each series, the largest first. */
export const table = (shown: Shown): Builder<Panel> =>
  new TablePanel()
    .title(shown.title)
    .description(shown.description)
    .unit(shown.unit)
    .datasource(shown.source.ref)
    .height(HEIGHT * 1.5)
    .span(shown.width ?? 12)
    .withTransformation({
      id: "organize",
      options: { excludeByName: { Time: true }, renameByName: { "Value #A": "Value" } },
    })
    .sortBy([new TableSortByFieldStateBuilder().displayName("Value").desc(true)])
    .targets(targets(shown, true));

/** The lines themselves, the newest first. */
export const lines = (shown: Pick<Shown, "title" | "description" | "source" | "queries">): Builder<Panel> =>
  new LogsPanel()
    .title(shown.title)
    .description(shown.description)
    .datasource(shown.source.ref)
    .height(HEIGHT * 3)
    .span(24)
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .sortOrder(LogsSortOrder.Descending)
    .targets(targets(shown));
