import { PARTS } from "../../monitoring/alerts/loki.ts";
import { PUSHES, SEARCHES } from "../../monitoring/expressions.ts";
import { dashboard } from "./dashboard.ts";
import type { DashboardFacts } from "./facts.ts";
import { figure, graph, orZero, prometheus } from "./panels.ts";
import { clusterVariable, dataSourceVariable } from "./variables.ts";

const source = prometheus("datasource");

/** Does the platform accept, keep and find lines? One row for each part of the way. */
export const platformHealth = (facts: DashboardFacts) =>
  dashboard(
    {
      uid: "log-platform-health",
      title: "Health",
      description: "Whether lines are accepted, stored and found. The first row is enough if all of it is green.",
      from: "now-3h",
      variables: [dataSourceVariable("datasource", "prometheus", "Data source"), clusterVariable(source.ref, facts)],
      rows: {
        "Whole way": wholeWay(facts),
        "Write path": writePath(facts),
        "Read path": readPath(facts),
        "Object store": objectStore(facts),
        "Compactor and retention": compactor(facts),
      },
    },
    facts,
  );

const wholeWay = ({ here, shared, thresholds }: DashboardFacts) => [
  figure({
    title: "Canary lines lost",
    description: "Share of the canary's lines that could not be read back. Alert: LoggingCanaryLost.",
    unit: "percentunit",
    source,
    queries: { lost: shared.canaryLost },
    bad: thresholds.canaryLostPercent / 100,
  }),
  figure({
    title: "From writing to reading",
    description: "Time in which 95 % of the canary's lines can be read. Alert: LoggingCanarySlow.",
    unit: "s",
    source,
    queries: { "95 %": shared.canarySeconds },
    bad: thresholds.canarySeconds,
  }),
  figure({
    title: "Pods that do not answer",
    description: "Of writers, readers, backends and gateways. Alert: LoggingPartDown.",
    unit: "none",
    source,
    queries: { down: `count(up{${here}, component=~"${PARTS.join("|")}"} == 0) or vector(0)` },
    bad: 1,
  }),
  figure({
    title: "Nodes without a ready Alloy",
    description: "Their lines are not collected. It needs kube-state-metrics. Alert: LoggingAgentMissing.",
    unit: "none",
    source,
    queries: { nodes: shared.nodesWithoutAgent },
    bad: 1,
  }),
];

const writePath = ({ here, shared, thresholds }: DashboardFacts) => [
  graph({
    title: "Lines accepted",
    description: "By writer. Each line is counted once, before it is copied.",
    unit: "short",
    source,
    queries: { "{{pod}}": `sum by (pod) (rate(loki_distributor_lines_received_total{${here}}[$__rate_interval]))` },
    stacked: true,
  }),
  graph({
    title: "Bytes accepted",
    description: "By writer. loki.limits.ingestionRateMb is about their sum.",
    unit: "Bps",
    source,
    queries: { "{{pod}}": `sum by (pod) (rate(loki_distributor_bytes_received_total{${here}}[$__rate_interval]))` },
    stacked: true,
  }),
  graph({
    title: "Lines refused",
    description:
      "By reason. Alloy sends lines again that were limited by a rate; all others are lost. Alerts: LoggingLinesRefused, LoggingRateLimited.",
    unit: "short",
    source,
    queries: {
      "{{reason}}": orZero(`sum by (reason) (rate(loki_discarded_samples_total{${here}}[$__rate_interval]))`, "reason"),
    },
  }),
  graph({
    title: "Time to accept a push",
    description: "Alert: LoggingPushSlow.",
    unit: "s",
    source,
    queries: { "99 %": shared.pushSeconds },
    bad: thresholds.pushSeconds,
  }),
  graph({
    title: "Answers to pushes",
    description: "By status. 429 and 5xx make lines wait on their nodes. Alert: LoggingRequestErrors.",
    unit: "reqps",
    source,
    queries: {
      "{{status_code}}": `sum by (status_code) (rate(loki_request_duration_seconds_count{${here}, ${PUSHES}}[$__rate_interval]))`,
    },
  }),
  graph({
    title: "Disks of the writers",
    description:
      "Lines wait here until MinIO has them. At 90 % a writer refuses lines. Alert: LoggingWriterDiskFilling.",
    unit: "percentunit",
    source,
    queries: { "{{pod}}": shared.writerDisk },
    bad: thresholds.writerDiskPercent / 100,
  }),
  graph({
    title: "Streams in the writers",
    description: "Each is on as many writers as there are copies. loki.limits.maxStreams is about one copy.",
    unit: "short",
    source,
    queries: { "{{pod}}": `sum by (pod) (loki_ingester_memory_streams{${here}})` },
  }),
  graph({
    title: "Unhealthy members of the rings",
    description: "With two unhealthy ingesters, Loki accepts no lines. Alert: LoggingRingUnhealthy.",
    unit: "none",
    source,
    queries: { "{{name}}": shared.unhealthyWriters },
    bad: 1,
  }),
];

const readPath = ({ here, shared, thresholds }: DashboardFacts) => [
  graph({
    title: "Time of a query",
    description: "Alert: LoggingQueriesSlow.",
    unit: "s",
    source,
    queries: { "99 %": shared.searchSeconds },
    bad: thresholds.querySeconds,
  }),
  graph({
    title: "Answers to queries",
    description: "By status. Alert: LoggingRequestErrors.",
    unit: "reqps",
    source,
    queries: {
      "{{status_code}}": `sum by (status_code) (rate(loki_request_duration_seconds_count{${here}, ${SEARCHES}}[$__rate_interval]))`,
    },
  }),
  graph({
    title: "Requests in the queue",
    description: "A query is split into as many as 128 requests. They wait here for a reader.",
    unit: "short",
    source,
    queries: { "{{pod}}": `sum by (pod) (loki_query_scheduler_queue_length{${here}})` },
  }),
  graph({
    title: "Time in the queue",
    description: "If it is long, readers are the bottleneck: raise loki.read.replicas, or its CPU.",
    unit: "s",
    source,
    queries: {
      "95 %": `histogram_quantile(0.95, sum by (le) (rate(loki_query_scheduler_queue_duration_seconds_bucket{${here}}[$__rate_interval])))`,
    },
  }),
  graph({
    title: "Requests that Loki fails",
    description: "Share of the requests that the gateway passes on, by route. Alert: LoggingRequestErrors.",
    unit: "percentunit",
    source,
    queries: {
      "{{route}}": orZero(shared.requestErrors, "route"),
    },
    bad: thresholds.errorPercent / 100,
  }),
  graph({
    title: "Answers of the chunks cache",
    description:
      "Share of the chunks that a reader or writer asked for and found. A low share means more requests to MinIO.",
    unit: "percentunit",
    source,
    queries: {
      found: `sum(rate(loki_cache_hits{${here}, name="chunksmemcache"}[$__rate_interval])) / sum(rate(loki_cache_fetched_keys{${here}, name="chunksmemcache"}[$__rate_interval]))`,
    },
  }),
];

const objectStore = ({ here, shared, thresholds }: DashboardFacts) => [
  graph({
    title: "Requests to MinIO",
    description: "By operation.",
    unit: "reqps",
    source,
    queries: {
      "{{operation}}": `sum by (operation) (rate(loki_s3_request_duration_seconds_count{${here}}[$__rate_interval]))`,
    },
    stacked: true,
  }),
  graph({
    title: "Time of a request to MinIO",
    description: "Alert: LoggingObjectStoreSlow.",
    unit: "s",
    source,
    queries: { "99 %": shared.storeSeconds },
    bad: thresholds.objectStoreSeconds,
  }),
  graph({
    title: "Requests that MinIO fails",
    description:
      "Share, by operation. Writers keep lines on their disks until it is back. Alert: LoggingObjectStoreErrors.",
    unit: "percentunit",
    source,
    queries: { "{{operation}}": orZero(shared.storeErrors, "operation") },
    bad: thresholds.errorPercent / 100,
  }),
  graph({
    title: "Chunks that could not be stored",
    description: "By writer. They stay in its memory and on its disk. Alert: LoggingFlushFailures.",
    unit: "short",
    source,
    queries: { "{{pod}}": shared.flushFailures },
    bad: 0.001,
  }),
];

const compactor = ({ shared, thresholds }: DashboardFacts) => [
  figure({
    title: "Compactors",
    description: "It has to be one. Alert: LoggingCompactorNotRunning.",
    unit: "none",
    source,
    queries: { running: shared.compactors },
    bad: 2,
  }),
  figure({
    title: "Since the last run of retention",
    description: "Alert: LoggingRetentionBehind.",
    unit: "s",
    source,
    queries: { "": shared.sinceRetention },
    bad: thresholds.retentionHours * 3600,
    width: 9,
  }),
  figure({
    title: "Chunks wait for their deletion since",
    description: "0 if none waits. Loki waits two hours by itself. Alert: LoggingDeletionBehind.",
    unit: "s",
    source,
    queries: { "": `${shared.deletionBehind} or vector(0)` },
    bad: thresholds.retentionHours * 3600,
    width: 9,
  }),
];
