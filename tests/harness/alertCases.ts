// For every alert: series that make it fire, and series that do not. One list for promtool, and for the check that none is missing.
import type { Loose } from "./manifest.ts";

/** Series of one situation, in promtool's notation: `0+60x30` is 0, 60, 120, … once a minute. */
export type Series = Readonly<Record<string, string>>;

export interface AlertCase {
  /** Labels of the alert beyond those of every alert. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly fires: Series;
  readonly silent: Series;
  /** Minutes after which both are looked at. */
  readonly minutes: number;
  /** What the alert needs in the stack's config. */
  readonly change?: (monitoring: Loose, config: Loose) => void;
}

const HERE = 'cluster="prod-aks-a", namespace="logging"';
const alloyOf = (node: string): string => `${HERE}, container="alloy", node="node-${node}", pod="alloy-${node}"`;
const ALLOY = alloyOf("1");
const upOf = (node: string): string => `up{${alloyOf(node)}}`;
const dropped = (node: string): string =>
  `otelcol_exporter_send_failed_log_records{${alloyOf(node)}, exporter="otlp_http/0"}`;
const notWritten = dropped("1").replace("send_failed", "enqueue_failed");
const EVENTS = `${HERE}, container="alloy", component="events", node="node-1", pod="alloy-events-1"`;
const JOURNAL = `${HERE}, container="journal", node="node-1", pod="alloy-1"`;
const journalDropped = `otelcol_exporter_send_failed_log_records_total{${JOURNAL}}`;
const queue = (exporter: string): string => `otelcol_exporter_queue_size{${ALLOY}, exporter="${exporter}"}`;
const capacity = (exporter: string): string => `otelcol_exporter_queue_capacity{${ALLOY}, exporter="${exporter}"}`;
const WRITER = `${HERE}, component="write", pod="loki-write-0"`;
const NODE = { node: "node-1" };
const requests = (more: string): string => `loki_request_duration_seconds_count{${WRITER}, ${more}}`;
const bucket = (metric: string, more: string, le: string): string => `${metric}_bucket{${HERE}, ${more}le="${le}"}`;

/** A histogram: all requests of a minute take less than the given bound, which is a bucket. */
const latency = (metric: string, more: string, bounds: readonly string[], bound: string): Series =>
  Object.fromEntries(
    [...bounds, "+Inf"].map((le) => [
      bucket(metric, more, le),
      le === "+Inf" || Number(le) >= Number(bound) ? "0+60x60" : "0x60",
    ]),
  );

/** One series, with values that make the alert fire and values that do not. */
const oneSeries = (series: string, fires: string, silent: string): Pick<AlertCase, "fires" | "silent"> => ({
  fires: { [series]: fires },
  silent: { [series]: silent },
});

/** A histogram whose requests are slow, and one whose requests are not. */
const slow = (metric: string, more: string, [usual, ...others]: readonly [string, ...string[]]): AlertCase => ({
  fires: latency(metric, more, [usual, ...others], others.at(-1) ?? usual),
  silent: latency(metric, more, [usual, ...others], usual),
  minutes: 40,
});

const PUSHES = 'route="otlp_v1_logs", status_code="204"';
const FAILED = 'route="otlp_v1_logs", status_code="500"';
const S3 = (operation: string, code: string): string =>
  `loki_s3_request_duration_seconds_count{${HERE}, operation="${operation}", status_code="${code}"}`;
const compactor = (pod: string): string => `loki_boltdb_shipper_compactor_running{${HERE}, pod="${pod}"}`;
const LAST_RETENTION = `loki_compactor_apply_retention_last_successful_run_timestamp_seconds{${HERE}, component="backend", pod="loki-backend-0"}`;
const BACKEND_START = `process_start_time_seconds{${HERE}, component="backend", pod="loki-backend-0"}`;
const SWEEPER = `loki_boltdb_shipper_retention_sweeper_marker_file_processing_current_time{${HERE}, pod="loki-backend-0"}`;
const lost = `loki_canary_missing_entries_total{${HERE}}`;
const written = `loki_canary_entries_total{${HERE}}`;
const discarded = (reason: string): string => `loki_discarded_samples_total{${WRITER}, reason="${reason}"}`;
const daemonSet = (metric: string): string => `kube_daemonset_status_${metric}{namespace="logging", daemonset="alloy"}`;
const EVERYTHING: Series = Object.fromEntries([
  [`up{${ALLOY}}`, "1x60"],
  ...["write", "read", "backend", "gateway", "canary"].map((part) => [`up{${HERE}, component="${part}"}`, "1x60"]),
]);

/** Shorter than the default, for a test of two hours. */
const anHour = (monitoring: Loose): void => {
  monitoring.thresholds = { retentionHours: 1 };
};

const withEvents = (_: Loose, config: Loose): void => {
  config.alloy = { ...config.alloy, events: { enabled: true } };
};

const withJournal = (_: Loose, config: Loose): void => {
  config.alloy = { ...config.alloy, journal: { units: ["kubelet.service"] } };
};

export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  LoggingQueueGrowing: {
    labels: NODE,
    fires: { [queue("0")]: "0+2x60", [queue("1")]: "0x60", [capacity("0")]: "100x60", [capacity("1")]: "100x60" },
    // Large, but shrinking.
    silent: { [queue("0")]: "90-1x60", [queue("1")]: "0x60", [capacity("0")]: "100x60", [capacity("1")]: "100x60" },
    minutes: 58,
  },
  LoggingQueueHalfFull: {
    labels: NODE,
    // One of the queues is enough: its lines are those of some pods.
    fires: { [queue("0")]: "60x20", [queue("1")]: "0x20", [capacity("0")]: "100x20", [capacity("1")]: "100x20" },
    silent: { [queue("0")]: "45x20", [queue("1")]: "45x20", [capacity("0")]: "100x20", [capacity("1")]: "100x20" },
    minutes: 15,
  },
  LoggingQueueFull: {
    labels: NODE,
    fires: { [queue("0")]: "97x20", [capacity("0")]: "100x20" },
    silent: { [queue("0")]: "94x20", [capacity("0")]: "100x20" },
    minutes: 10,
  },
  LoggingQueueNotWritten: {
    labels: NODE,
    // The counter appears with its first value.
    fires: { [notWritten]: "_x20 100x5", [upOf("1")]: "1x25" },
    silent: { [notWritten]: "100x40", [upOf("1")]: "1x40" },
    minutes: 22,
  },
  LoggingAgentMissing: {
    labels: { namespace: "logging", daemonset: "alloy" },
    fires: { [daemonSet("desired_number_scheduled")]: "5x30", [daemonSet("number_ready")]: "4x30" },
    // A roll-out: each minute another node.
    silent: { [daemonSet("desired_number_scheduled")]: "5x30", [daemonSet("number_ready")]: "5 4 5 4 5x26" },
    minutes: 20,
  },
  LoggingAgentDown: {
    labels: { ...NODE, namespace: "logging", container: "alloy", pod: "alloy-1" },
    ...oneSeries(`up{${ALLOY}}`, "0x30", "1 0 0 0 1x26"),
    minutes: 20,
  },
  LoggingNodeSilent: {
    labels: NODE,
    // What the events' pod on the same node sends does not count.
    fires: {
      [`up{${ALLOY}}`]: "1x60",
      [`otelcol_exporter_sent_log_records{${ALLOY}}`]: "500x60",
      [`otelcol_exporter_sent_log_records{${EVENTS}}`]: "0+1x60",
    },
    silent: { [`up{${ALLOY}}`]: "1x60", [`otelcol_exporter_sent_log_records{${ALLOY}}`]: "0+1x60" },
    minutes: 55,
  },
  LoggingEventsDown: {
    labels: {
      cluster: "prod-aks-a",
      namespace: "logging",
      container: "alloy",
      component: "events",
      ...NODE,
      pod: "alloy-events-1",
    },
    fires: { [`up{${EVENTS}}`]: "0x40" },
    // Another Alloy.
    silent: { [`up{${EVENTS}}`]: "1x40", [`up{${ALLOY}}`]: "0x40" },
    minutes: 30,
    change: withEvents,
  },
  LoggingEventsSilent: {
    fires: { [`up{${EVENTS}}`]: "1x400", [`otelcol_receiver_accepted_log_records{${EVENTS}}`]: "500x400" },
    silent: { [`up{${EVENTS}}`]: "1x400", [`otelcol_receiver_accepted_log_records{${EVENTS}}`]: "500x200 501x200" },
    minutes: 390,
    change: withEvents,
  },
  LoggingJournalDown: {
    labels: { cluster: "prod-aks-a", namespace: "logging", container: "journal", pod: "alloy-1", ...NODE },
    fires: { [`up{${JOURNAL}}`]: "0x60" },
    // The other container of the pod.
    silent: { [`up{${JOURNAL}}`]: "1x60", [`up{${ALLOY}}`]: "0x60" },
    minutes: 45,
    change: withJournal,
  },
  LoggingJournalDropped: {
    labels: NODE,
    // The counter appears with its first value. The pod has two targets.
    fires: { [journalDropped]: "_x20 3x5", [`up{${JOURNAL}}`]: "1x25", [upOf("1")]: "1x25" },
    silent: { [journalDropped]: "3x40", [`up{${JOURNAL}}`]: "1x40", [dropped("1")]: "_x20 3x5", [upOf("1")]: "1x40" },
    minutes: 22,
    change: withJournal,
  },
  LoggingLinesDropped: {
    labels: NODE,
    // The counter appears with its first value.
    fires: { [dropped("1")]: "_x20 3x5", [upOf("1")]: "1x25" },
    // One that was there before, also before a Prometheus that has begun with it.
    silent: { [dropped("1")]: "3x40", [upOf("1")]: "1x40", [dropped("2")]: "_x20 3x5", [upOf("2")]: "_x20 1x5" },
    minutes: 22,
  },
  LoggingPartDown: {
    labels: { namespace: "logging", component: "write", pod: "loki-write-0" },
    ...oneSeries(`up{${WRITER}}`, "0x30", "0 0 0 1x27"),
    minutes: 20,
  },
  LoggingLinesRefused: {
    labels: { reason: "greater_than_max_sample_age" },
    fires: { [discarded("greater_than_max_sample_age")]: "_x20 1x20", [`up{${WRITER}}`]: "1x40" },
    // Alloy tries these again. The others were there before Prometheus was.
    silent: {
      [discarded("rate_limited")]: "0+10x40",
      [discarded("stream_limit")]: "_x20 1x20",
      [`up{${WRITER}}`]: "1x40",
      [discarded("line_too_long").replaceAll("write-0", "write-1")]: "_x20 5x20",
      [`up{${WRITER.replace("write-0", "write-1")}}`]: "_x20 1x20",
    },
    minutes: 25,
  },
  LoggingRateLimited: {
    labels: { reason: "rate_limited" },
    fires: { [discarded("rate_limited")]: "0+10x40" },
    silent: { [discarded("rate_limited")]: "10x40", [discarded("greater_than_max_sample_age")]: "0+10x40" },
    minutes: 30,
  },
  LoggingWriterDiskFilling: {
    labels: { pod: "loki-write-0" },
    ...oneSeries(`loki_ingester_wal_disk_usage_percent{${WRITER}}`, "0.8x30", "0.7x30"),
    minutes: 20,
  },
  LoggingWriterDiskFull: {
    labels: { namespace: "logging", component: "write", pod: "loki-write-0" },
    ...oneSeries(`loki_ingester_wal_disk_full_failures_total{${WRITER}}`, "0x10 1x20", "1x30"),
    minutes: 15,
  },
  LoggingFlushFailures: {
    labels: { pod: "loki-write-0" },
    // Else: one failure, which was tried again.
    ...oneSeries(`loki_ingester_chunks_flush_failures_total{${WRITER}}`, "0+1x40", "0x10 1x30"),
    minutes: 30,
  },
  LoggingRingUnhealthy: {
    labels: { name: "ingester" },
    fires: { [`loki_ring_members{${WRITER}, name="ingester", state="Unhealthy"}`]: "1x30" },
    silent: {
      [`loki_ring_members{${WRITER}, name="ingester", state="Unhealthy"}`]: "0x30",
      [`loki_ring_members{${WRITER}, name="ingester", state="LEAVING"}`]: "1x30",
      // Loki forgets it after two minutes.
      [`loki_ring_members{${WRITER}, name="distributor", state="Unhealthy"}`]: "1x30",
    },
    minutes: 20,
  },
  LoggingLimitsNotRead: {
    labels: { pod: "loki-write-0" },
    fires: { [`loki_runtime_config_last_reload_successful{${WRITER}, config="loki"}`]: "0x30" },
    silent: { [`loki_runtime_config_last_reload_successful{${WRITER}, config="loki"}`]: "1x5 0x8 1x20" },
    minutes: 20,
  },
  LoggingRequestErrors: {
    labels: { route: "otlp_v1_logs" },
    fires: { [requests(PUSHES)]: "0+90x40", [requests(FAILED)]: "0+10x40" },
    silent: { [requests(PUSHES)]: "0+99x40", [requests(FAILED)]: "0+1x40" },
    minutes: 30,
  },
  LoggingPushSlow: slow("loki_request_duration_seconds", 'route="otlp_v1_logs", ', ["1", "5", "10"]),
  LoggingQueriesSlow: {
    fires: latency("loki_request_duration_seconds", 'route="loki_api_v1_query_range", ', ["10", "50", "100"], "100"),
    // Slow pushes are another alert.
    silent: latency("loki_request_duration_seconds", 'route="otlp_v1_logs", ', ["10", "50", "100"], "100"),
    minutes: 40,
  },
  LoggingObjectStoreErrors: {
    labels: { operation: "S3.PutObject" },
    fires: { [S3("S3.PutObject", "200")]: "0x40", [S3("S3.PutObject", "500")]: "0+10x40" },
    // Objects that need not exist.
    silent: {
      [S3("S3.PutObject", "200")]: "0+10x40",
      [S3("S3.GetObject", "500")]: "0+10x40",
    },
    minutes: 30,
  },
  LoggingObjectStoreSlow: slow("loki_s3_request_duration_seconds", 'operation="S3.PutObject", ', ["1", "4", "10"]),
  LoggingCompactorNotRunning: {
    fires: { [compactor("loki-backend-0")]: "0x60", [compactor("loki-backend-1")]: "0x60" },
    silent: { [compactor("loki-backend-0")]: "1x60", [compactor("loki-backend-1")]: "0x60" },
    minutes: 40,
  },
  LoggingRetentionBehind: {
    change: anHour,
    // It ran at the beginning, and never again.
    fires: { [LAST_RETENTION]: "60x120", [BACKEND_START]: "1x120" },
    // The backend has started in the last hour.
    silent: { [LAST_RETENTION]: "0x120", [BACKEND_START]: "3600x120" },
    minutes: 110,
  },
  LoggingDeletionBehind: {
    change: anHour,
    // Else: nothing is marked.
    ...oneSeries(SWEEPER, "60x120", "0x120"),
    minutes: 110,
  },
  LoggingBucketTooLarge: {
    change: (monitoring) => {
      monitoring.thresholds = { bucketGiB: 100 };
    },
    fires: { 'minio_bucket_usage_total_bytes{bucket="loki-prod-aks-a"}': "110000000000x90" },
    silent: {
      'minio_bucket_usage_total_bytes{bucket="loki-prod-aks-a"}': "100000000000x90",
      'minio_bucket_usage_total_bytes{bucket="loki-prod-aks-b"}': "110000000000x90",
    },
    minutes: 80,
  },
  LoggingCanaryLost: {
    fires: { [lost]: "0+3x60", [written]: "0+60x60" },
    // One line in two hours.
    silent: { [lost]: "0x30 1x30", [written]: "0+60x60" },
    minutes: 50,
  },
  LoggingCanarySlow: slow("loki_canary_response_latency_seconds", "", ["1", "64", "128"]),
  LoggingMetricsMissing: {
    labels: { namespace: "logging", component: "write" },
    fires: Object.fromEntries(Object.entries(EVERYTHING).filter(([series]) => !series.includes('"write"'))),
    // That a pod does not answer is another alert.
    silent: { ...EVERYTHING, [`up{${HERE}, component="write"}`]: "0x60" },
    minutes: 30,
  },
  LoggingRestarts: {
    labels: { pod: "loki-write-0" },
    fires: { [`process_start_time_seconds{${WRITER}}`]: "0x5 400x5 900x5 1300x50" },
    silent: {
      [`process_start_time_seconds{${WRITER}}`]: "0x5 400x5 900x50",
      // Alloy has no such metric. A restart sets its uptime back.
      [`otelcol_process_uptime{${ALLOY}}`]: "0+60x10 0+60x50",
    },
    minutes: 50,
  },
  LoggingCertificateExpires: {
    // The committed CA expires in 2036. The test's clock begins in 1970, so only the threshold makes it fire.
    change: (monitoring) => {
      monitoring.thresholds = { certificateDays: 1_000_000 };
    },
    fires: {},
    silent: {},
    minutes: 70,
  },
  LoggingKeysOld: {
    labels: { namespace: "logging", secret: "logging-minio-credentials-1a2b3c4d" },
    change: (monitoring) => {
      monitoring.thresholds = { keyDays: 1 };
    },
    fires: { 'kube_secret_created{namespace="logging", secret="logging-minio-credentials-1a2b3c4d"}': "0x1600" },
    silent: {
      'kube_secret_created{namespace="logging", secret="logging-gateway-login-1a2b3c4d"}': "36000x1600",
      'kube_secret_created{namespace="logging", secret="sh.helm.release.v1.loki.v1"}': "0x1600",
    },
    minutes: 1550,
  },
  LoggingWatchdog: { fires: {}, silent: {}, minutes: 1 },
};

/** Alerts that no series silences: the watchdog always fires, and the date of the CA is part of its rule. */
export const WITHOUT_SILENCE = ["LoggingWatchdog", "LoggingCertificateExpires"];
