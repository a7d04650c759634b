import { RATE_LIMITS } from "../../monitoring/expressions.ts";
import { dashboard } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { graph, loki, orZero, prometheus, table } from "./panels.ts";
import { clusterVariable, dataSourceVariable, labelVariable } from "./variables.ts";

const metrics = prometheus("prometheus_datasource");
const logs = loki("loki_datasource");

/** Namespaces and containers that a person chose. */
const CHOSEN = '{cluster="$cluster", namespace=~"$namespace"}';

/** Series of one graph. More can no longer be distinguished. */
const MOST_SERIES = 15;

/** Who logs how much, and whose lines are refused? */
export const whoLogsWhat = (facts: DashboardFacts) =>
  dashboard(
    {
      uid: "log-platform-usage",
      title: "Who logs what",
      // Prometheus knows no namespaces of lines: Loki counts by tenant, and Alloy by node.
      description:
        "Rate and bytes by namespace and container, and what is refused. Loki reads every line of the time range for it, so it looks at 15 minutes; `npm run usage` reads the index, and takes days.",
      from: "now-15m",
      variables: [
        dataSourceVariable("loki_datasource", "loki", "Loki data source"),
        dataSourceVariable("prometheus_datasource", "prometheus", "Prometheus data source"),
        clusterVariable(logs.ref, facts),
        labelVariable({
          name: "namespace",
          label: "Namespace",
          source: logs.ref,
          values: { label: "namespace", stream: '{cluster="$cluster"}' },
        }),
      ],
      rows: { Namespaces: namespaces(), Containers: containers(), Refused: refused(facts) },
    },
    facts,
  );

const top = (by: string, range: string): string => `topk(${MOST_SERIES}, sum by (${by}) (${range}))`;

const namespaces = () => [
  graph({
    title: "Bytes by namespace",
    description: `The ${MOST_SERIES} loudest.`,
    unit: "Bps",
    source: logs,
    queries: { "{{namespace}}": top("namespace", `bytes_rate(${CHOSEN} [$__auto])`) },
    stacked: true,
  }),
  graph({
    title: "Lines by namespace",
    description: `The ${MOST_SERIES} loudest.`,
    unit: "short",
    source: logs,
    queries: { "{{namespace}}": top("namespace", `rate(${CHOSEN} [$__auto])`) },
    stacked: true,
  }),
];

const containers = () => [
  table({
    title: "Bytes by container",
    description: "All bytes of the time range, the loudest first.",
    unit: "bytes",
    source: logs,
    queries: { "": top("namespace, container", `bytes_over_time(${CHOSEN} [$__auto])`) },
  }),
  table({
    title: "Lines by container",
    description: "All lines of the time range, the loudest first.",
    unit: "short",
    source: logs,
    queries: { "": top("namespace, container", `count_over_time(${CHOSEN} [$__auto])`) },
  }),
  table({
    title: "Bytes by container and level",
    description: "What a lower log level would save.",
    unit: "bytes",
    source: logs,
    queries: { "": top("namespace, container, detected_level", `bytes_over_time(${CHOSEN} [$__auto])`) },
    width: 24,
  }),
];

const refused = ({ here, shared }: DashboardFacts) => [
  graph({
    title: "Lines lost because Loki refused them",
    description: "By reason: too old, too long, not valid. Alert: LoggingLinesRefused.",
    unit: "short",
    source: metrics,
    queries: {
      "{{reason}}": orZero(
        `sum by (reason) (rate(loki_discarded_samples_total{${here}, reason!~"${RATE_LIMITS}"}[$__rate_interval]))`,
        "reason",
      ),
    },
  }),
  graph({
    title: "Lines that are late because of a limit",
    description:
      "By reason. Alloy sends them again. per_stream_rate_limit is one container that floods. Alert: LoggingRateLimited.",
    unit: "short",
    source: metrics,
    queries: { "{{reason}}": orZero(shared.rateLimited, "reason") },
  }),
  graph({
    title: "Lines that Alloy dropped",
    description: "By node. Alert: LoggingLinesDropped.",
    unit: "short",
    source: metrics,
    queries: {
      "{{node}}": orZero(
        `sum by (node) (rate(otelcol_exporter_send_failed_log_records{${shared.alloy}}[$__rate_interval]))`,
        "node",
      ),
    },
  }),
];
