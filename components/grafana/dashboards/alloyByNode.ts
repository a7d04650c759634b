import { ALLOY_RELEASE } from "../../releaseNames.ts";
import { dashboard } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { graph, orZero, prometheus } from "./panels.ts";
import { clusterVariable, dataSourceVariable, labelVariable } from "./variables.ts";

const source = prometheus("datasource");

const ALLOY = `container="${ALLOY_RELEASE}"`;

/** Which node's lines are late, wait, or are lost? */
export const alloyByNode = (facts: DashboardFacts) =>
  dashboard(
    {
      uid: "log-platform-alloy",
      title: "Alloy by node",
      description: "Which node's lines are late, wait on its disk, or are lost.",
      from: "now-3h",
      variables: [
        dataSourceVariable("datasource", "prometheus", "Data source"),
        clusterVariable(source.ref, facts),
        labelVariable({
          name: "node",
          label: "Node",
          source: source.ref,
          values: `label_values(up{${facts.shared.alloy}}, node)`,
        }),
      ],
      rows: { Queue: queue(facts), Lag: lag(facts), Errors: errors(facts), Costs: costs(facts) },
    },
    facts,
  );

/** Grafana draws the chosen nodes only. */
const chosen = (expression: string): string => expression.replaceAll(ALLOY, `${ALLOY}, node=~"$node"`);

const queue = ({ shared, thresholds }: DashboardFacts) => [
  graph({
    title: "Lines that wait on the disk",
    description:
      "Bytes in a node's 16 queues. They grow while Loki is away or refuses lines. Alert: LoggingQueueGrowing.",
    unit: "bytes",
    source,
    queries: { "{{node}}": chosen(`sum by (node) (${shared.queueSize})`) },
    stacked: true,
  }),
  graph({
    title: "The fullest queue",
    description:
      "When it is full, Alloy stops reading for it, and lines are lost when their files rotate away. Alerts: LoggingQueueHalfFull, LoggingQueueFull.",
    unit: "percentunit",
    source,
    queries: { "{{node}}": chosen(shared.queueFill) },
    bad: thresholds.queuePercent / 100,
  }),
];

const lag = ({ here, shared, thresholds }: DashboardFacts) => [
  graph({
    title: "Lines read from files",
    description: "If more are read than delivered, the queue grows.",
    unit: "short",
    source,
    queries: {
      "{{node}}": chosen(
        `sum by (node) (rate(otelcol_receiver_accepted_log_records{${shared.alloy}}[$__rate_interval]))`,
      ),
    },
  }),
  graph({
    title: "Lines delivered to Loki",
    description: "A node without any is silent: it does not log, or its Alloy is stuck. Alert: LoggingNodeSilent.",
    unit: "short",
    source,
    queries: {
      "{{node}}": chosen(`sum by (node) (rate(otelcol_exporter_sent_log_records{${shared.alloy}}[$__rate_interval]))`),
    },
  }),
  graph({
    title: "Age of lines when they arrive",
    description:
      "Mean of the pushes, over all nodes: each counts the age of its newest line. Old lines of a backlog raise it until they have arrived.",
    unit: "ms",
    source,
    queries: {
      age: `sum(rate(loki_distributor_lag_ms_total{${here}}[$__rate_interval])) / sum(rate(loki_request_duration_seconds_count{${here}, route="otlp_v1_logs"}[$__rate_interval]))`,
    },
  }),
  graph({
    title: "From writing to reading",
    description: "Time in which 95 % of the canary's lines can be read. It runs on one node. Alert: LoggingCanarySlow.",
    unit: "s",
    source,
    queries: { "95 %": shared.canarySeconds },
    bad: thresholds.canarySeconds,
  }),
];

const errors = ({ shared }: DashboardFacts) => [
  graph({
    title: "Lines that Loki refused for good",
    description: "They are lost. Alert: LoggingLinesDropped.",
    unit: "short",
    source,
    queries: {
      "{{node}}": orZero(
        chosen(`sum by (node) (rate(otelcol_exporter_send_failed_log_records{${shared.alloy}}[$__rate_interval]))`),
        "node",
      ),
    },
  }),
  graph({
    title: "Lines that Alloy could not take from a file",
    description: "A receiver refused them because the queue behind it was full, and reads them again.",
    unit: "short",
    source,
    queries: {
      "{{node}}": chosen(
        `sum by (node) (rate(otelcol_receiver_refused_log_records{${shared.alloy}}[$__rate_interval]))`,
      ),
    },
  }),
  graph({
    title: "Alloy does not answer",
    description: "1 while Prometheus gets no metrics from a node's Alloy. Alert: LoggingAgentDown.",
    unit: "none",
    source,
    queries: { "{{node}}": chosen(`1 - max by (node) (up{${shared.alloy}})`) },
    bad: 1,
  }),
  graph({
    title: "Open files",
    description: "Files that Alloy follows. It is about the number of containers on the node.",
    unit: "short",
    source,
    queries: { "{{node}}": chosen(`sum by (node) (otelcol_fileconsumer_open_files{${shared.alloy}})`) },
  }),
];

const costs = ({ shared }: DashboardFacts) => [
  graph({
    title: "Memory",
    description: "alloy.resources limits it. It is highest after a start with many files.",
    unit: "bytes",
    source,
    queries: { "{{node}}": chosen(`max by (node) (otelcol_process_memory_rss{${shared.alloy}})`) },
  }),
  graph({
    title: "CPU",
    description: "In cores. alloy.resources limits it, and at the limit Alloy falls behind.",
    unit: "short",
    source,
    queries: {
      "{{node}}": chosen(`max by (node) (rate(otelcol_process_cpu_seconds{${shared.alloy}}[$__rate_interval]))`),
    },
  }),
];
