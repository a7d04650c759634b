import { ALLOY_RELEASE, EVENTS_COMPONENT } from "../releaseNames.ts";

/** Reasons for which Loki answers 429. Alloy tries these lines again. */
export const RATE_LIMITS = "rate_limited|per_stream_rate_limit|stream_limit";

/** Requests that the gateway passes on. */
export const THROUGH_GATEWAY = 'route=~"otlp_v1_logs|loki_api_v1_.*"';

/** Requests that push lines, and requests that search them. */
export const PUSHES = 'route="otlp_v1_logs"';
export const SEARCHES = 'route=~"loki_api_v1_query|loki_api_v1_query_range"';

/** Without GetObject: Loki asks for objects that need not exist, and counts the answer as an error. Failing reads fail queries. */
const STORE_OPERATIONS = 'operation=~"S3.PutObject|S3.List|S3.DeleteObject"';

/** What an alert compares with its threshold, and a dashboard draws. In PromQL. */
export type Expressions = ReturnType<typeof expressions>;

/**
 * The expressions that alerts and dashboards share.
 *
 * @param here Label matchers of everything that the PodMonitors scrape.
 * @param namespace The platform's namespace.
 * @param window Takes the alert's range, and returns the one to use. A dashboard's follows its zoom.
 */
export function expressions(here: string, namespace: string, window: (range: string) => string = (range) => range) {
  const alloy = `${here}, container="${ALLOY_RELEASE}"`;
  const queueSize = `otelcol_exporter_queue_size{${alloy}}`;
  const queueCapacity = `otelcol_exporter_queue_capacity{${alloy}}`;
  const daemonSet = `namespace="${namespace}", daemonset="${ALLOY_RELEASE}"`;
  const rate = (counter: string, matchers: string, range = "5m"): string =>
    `rate(${counter}{${here}${matchers && `, ${matchers}`}}[${window(range)}])`;
  const quantile = (share: number, histogram: string, matchers = ""): string =>
    `histogram_quantile(${share}, sum by (le) (${rate(`${histogram}_bucket`, matchers, "10m")}))`;
  const share = (by: string, counter: string, all: string, failed: string): string =>
    `sum by (${by}) (${rate(counter, `${all}, ${failed}`)}) / sum by (${by}) (${rate(counter, all)})`;
  const rose = (counter: string): string => `sum(increase(${counter}{${here}}[${window("30m")}]))`;
  return {
    /** Label matchers of every Alloy. */
    alloy,
    /** Of the Alloy on each node. */
    agents: `${alloy}, component!="${EVENTS_COMPONENT}"`,
    /** Of the pod that sends Kubernetes events. */
    events: `${here}, component="${EVENTS_COMPONENT}"`,
    queueSize,
    queueCapacity,
    /** Of a node's queues, the fullest: 0 to 1. */
    queueFill: `max by (node) (${queueSize} / ${queueCapacity})`,
    nodesWithoutAgent: `kube_daemonset_status_desired_number_scheduled{${daemonSet}} - kube_daemonset_status_number_ready{${daemonSet}}`,
    /** Lines per second for which Loki answers 429. */
    rateLimited: `sum by (reason) (${rate("loki_discarded_samples_total", `reason=~"${RATE_LIMITS}"`)})`,
    /** 0 to 1, in spite of its name. */
    writerDisk: `max by (pod) (loki_ingester_wal_disk_usage_percent{${here}})`,
    flushFailures: `sum by (pod) (${rate("loki_ingester_chunks_flush_failures_total", "")})`,
    /** Loki removes a single one from the ring after a minute. Members of other rings are away for up to ten minutes, and cost no line. */
    unhealthyWriters: `max by (name) (loki_ring_members{${here}, name="ingester", state="Unhealthy"})`,
    requestErrors: share("route", "loki_request_duration_seconds_count", THROUGH_GATEWAY, 'status_code=~"5.."'),
    pushSeconds: quantile(0.99, "loki_request_duration_seconds", PUSHES),
    searchSeconds: quantile(0.99, "loki_request_duration_seconds", SEARCHES),
    storeErrors: share("operation", "loki_s3_request_duration_seconds_count", STORE_OPERATIONS, 'status_code!~"2.."'),
    /** Of requests that succeed. Those that fail may wait for a time limit, and have another alert. */
    storeSeconds: quantile(0.99, "loki_s3_request_duration_seconds", 'status_code=~"2.."'),
    compactors: `sum(loki_boltdb_shipper_compactor_running{${here}})`,
    /** Seconds. A backend that has just started has had no run yet. */
    sinceRetention: `time() - max(loki_compactor_apply_retention_last_successful_run_timestamp_seconds{${here}} > 0 or process_start_time_seconds{${here}, component="backend"})`,
    /** Seconds for which marked chunks wait for their deletion. */
    deletionBehind: `time() - max(loki_boltdb_shipper_retention_sweeper_marker_file_processing_current_time{${here}} > 0)`,
    /** 0 to 1. */
    canaryLost: `${rose("loki_canary_missing_entries_total")} / ${rose("loki_canary_entries_total")}`,
    canarySeconds: quantile(0.95, "loki_canary_response_latency_seconds"),
  };
}
