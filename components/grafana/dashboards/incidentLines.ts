import { dashboard } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { graph, lines, loki } from "./panels.ts";
import { clusterVariable, dataSourceVariable, labelVariable, textVariable } from "./variables.ts";

const source = loki("datasource");

const CHOSEN = '{cluster="$cluster", namespace=~"$namespace", container=~"$container", node=~"$node"} |~ `(?i)$text`';

/** The levels that stand for a fault. Loki finds a level in the line where Alloy sent none, and writes all in lower case. */
const FAULTS = 'detected_level=~"error|fatal|critical"';

/** Reads the lines of an incident: where they came from, how many, and what they say. */
export const incidentLines = (facts: DashboardFacts) =>
  dashboard(
    {
      uid: "log-platform-incident",
      title: "Lines of an incident",
      description: "Choose a namespace and a container, or type a part of the lines: an id, a host, a name.",
      from: "now-30m",
      variables: [
        dataSourceVariable("datasource", "loki", "Data source"),
        clusterVariable(source.ref, facts),
        ...["namespace", "container", "node"].map((label, i, labels) =>
          labelVariable({
            name: label,
            label: label.replace(/^./, (letter) => letter.toUpperCase()),
            source: source.ref,
            values: { label, stream: streamsWith(labels.slice(0, i)) },
          }),
        ),
        textVariable("text", "Part of the line (a regular expression)"),
      ],
      rows: { "How many": counts(), "What they say": texts() },
    },
    facts,
  );

/** The streams that the choices to the left leave over. */
const streamsWith = (labels: readonly string[]): string =>
  `{${['cluster="$cluster"', ...labels.map((label) => `${label}=~"$${label}"`)].join(", ")}}`;

const counts = () => [
  graph({
    title: "Lines by level",
    description: "Of everything that is chosen above.",
    unit: "short",
    source,
    queries: { "{{detected_level}}": `sum by (detected_level) (count_over_time(${CHOSEN} [$__auto]))` },
    stacked: true,
  }),
  graph({
    title: "Faults by container",
    description: "Lines of the levels error, fatal and critical. Who was first?",
    unit: "short",
    source,
    queries: {
      "{{namespace}}/{{container}}": `sum by (namespace, container) (count_over_time(${CHOSEN} | ${FAULTS} [$__auto]))`,
    },
    stacked: true,
  }),
];

const texts = () => [
  lines({
    title: "Faults",
    description: "Lines of the levels error, fatal and critical.",
    source,
    queries: { faults: `${CHOSEN} | ${FAULTS}` },
  }),
  lines({
    title: "All lines",
    description: "Everything that is chosen above, the newest first. Click on a line to see its pod and its trace.",
    source,
    queries: { lines: CHOSEN },
  }),
];
