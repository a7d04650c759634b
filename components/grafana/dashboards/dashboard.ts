import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { DashboardFacts } from "./facts.ts";

/** Panels that belong together, by the heading above them. */
export type Rows = Readonly<Record<string, readonly Builder<Panel>[]>>;

interface Described {
  /** Grafana's key of the dashboard, the same for every cluster. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** How far back it looks at first: `now-1h`. */
  readonly from: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly rows: Rows;
}

/** Grafana links dashboards with this tag to one another. */
const TAG = "log-platform";

/** A dashboard that Grafana does not let people edit: it comes from here. */
export function dashboard(described: Described, { runbooksUrl }: DashboardFacts): Dashboard {
  const { uid, title, description, from, variables, rows } = described;
  const others = new DashboardLinkBuilder("The log platform")
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
  const builder = new DashboardBuilder(`Log platform / ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: "now" })
    .timezone("browser")
    .variables([...variables])
    .links([others]);
  if (runbooksUrl !== undefined)
    builder.link(new DashboardLinkBuilder("Runbooks").type(DashboardLinkType.Link).url(runbooksUrl).targetBlank(true));
  for (const [heading, panels] of Object.entries(rows)) {
    builder.withRow(new RowBuilder(heading));
    for (const panel of panels) builder.withPanel(panel);
  }
  return builder.build();
}
