import { type Alert, type AlertContext, hasRisen } from "./alert.ts";

/** Reasons for which Loki answers 429. Alloy tries these lines again. */
const RATE_LIMITS = "rate_limited|per_stream_rate_limit|stream_limit";

/** Parts of Loki that have to run, by the label of their pods. */
const PARTS = ["write", "read", "backend", "gateway"];

/** Alerts on Loki: what it refuses, its writers, its ring, its requests. */
export function lokiAlerts({ here, thresholds }: AlertContext): Alert[] {
  const requests = (more: string): string => `loki_request_duration_seconds_count{${here}, ${more}}`;
  const api = 'route=~"otlp_v1_logs|loki_api_v1_.*"';
  const p99 = (route: string): string =>
    `histogram_quantile(0.99, sum by (le) (rate(loki_request_duration_seconds_bucket{${here}, ${route}}[10m])))`;
  return [
    {
      name: "LoggingPartDown",
      severity: "critical",
      forMinutes: 10,
      expression: `up{${here}, component=~"${PARTS.join("|")}"} == 0`,
      summary:
        "{{ $labels.pod }} does not answer. With one pod of a kind down lines still arrive; with two writers down they wait on the nodes.",
    },
    {
      name: "LoggingLinesRefused",
      severity: "warning",
      forMinutes: 0,
      expression: `sum by (reason) (${hasRisen(`loki_discarded_samples_total{${here}, reason!~"${RATE_LIMITS}"}`)})`,
      summary: "Loki refuses lines for good, reason {{ $labels.reason }}. These lines are lost.",
    },
    {
      name: "LoggingRateLimited",
      severity: "warning",
      forMinutes: 15,
      expression: `sum by (reason) (rate(loki_discarded_samples_total{${here}, reason=~"${RATE_LIMITS}"}[5m])) > 0`,
      summary:
        "Loki answers 429, reason {{ $labels.reason }}: the cluster logs more than loki.limits allows. The lines wait on the nodes, and are not lost while their queues have room.",
    },
    {
      name: "LoggingWriterDiskFilling",
      severity: "warning",
      forMinutes: 15,
      // A fraction, in spite of its name.
      expression: `max by (pod) (loki_ingester_wal_disk_usage_percent{${here}}) > ${thresholds.writerDiskPercent / 100}`,
      summary:
        "The disk of {{ $labels.pod }} is {{ $value | humanizePercentage }} full. At 90 % the writer refuses lines, and they wait on the nodes.",
    },
    {
      name: "LoggingWriterDiskFull",
      severity: "critical",
      forMinutes: 0,
      expression: `increase(loki_ingester_wal_disk_full_failures_total{${here}}[15m]) > 0`,
      summary:
        "The disk of {{ $labels.pod }} is full. Lines have no copy there, and a crash of another writer may lose some.",
    },
    {
      name: "LoggingFlushFailures",
      severity: "critical",
      forMinutes: 15,
      expression: `sum by (pod) (rate(loki_ingester_chunks_flush_failures_total{${here}}[5m])) > 0`,
      summary:
        "{{ $labels.pod }} cannot write to MinIO. Its lines stay in its memory and on its disk, until that is full.",
    },
    {
      name: "LoggingRingUnhealthy",
      severity: "critical",
      forMinutes: 10,
      expression: `max by (name) (loki_ring_members{${here}, state="Unhealthy"}) > 0`,
      summary:
        "The ring {{ $labels.name }} has {{ $value }} unhealthy members. With two unhealthy writers, Loki accepts no lines.",
    },
    {
      name: "LoggingRequestErrors",
      severity: "critical",
      forMinutes: 10,
      expression: `sum by (route) (rate(${requests(`${api}, status_code=~"5.."`)}[5m])) / sum by (route) (rate(${requests(api)}[5m])) > ${thresholds.errorPercent / 100}`,
      summary:
        "Loki fails {{ $value | humanizePercentage }} of the requests that the gateway passes on to {{ $labels.route }}. For otlp_v1_logs, lines wait on the nodes; else people get errors.",
    },
    {
      name: "LoggingPushSlow",
      severity: "warning",
      forMinutes: 15,
      expression: `${p99('route="otlp_v1_logs"')} > ${thresholds.pushSeconds}`,
      summary: "Loki takes {{ $value | humanizeDuration }} to accept a push. Queues on the nodes grow.",
    },
    {
      name: "LoggingQueriesSlow",
      severity: "warning",
      forMinutes: 15,
      expression: `${p99('route=~"loki_api_v1_query|loki_api_v1_query_range"')} > ${thresholds.querySeconds}`,
      summary:
        "Loki takes {{ $value | humanizeDuration }} to answer a query. No line is affected, but people who search are.",
    },
  ];
}

/** Alerts on what lies in MinIO, and on the way there. */
export function storageAlerts({ args, here, thresholds }: AlertContext): Alert[] {
  // Without GetObject: Loki asks for objects that need not exist, and counts the answer as an error. Failing reads fail queries.
  const operations = 'operation=~"S3.PutObject|S3.List|S3.DeleteObject"';
  const calls = (more: string): string => `loki_s3_request_duration_seconds_count{${here}, ${operations}${more}}`;
  const hours = `${thresholds.retentionHours} * 3600`;
  const sweeper = `loki_boltdb_shipper_retention_sweeper_marker_file_processing_current_time{${here}}`;
  return [
    {
      name: "LoggingObjectStoreErrors",
      severity: "critical",
      forMinutes: 10,
      expression: `sum by (operation) (rate(${calls(', status_code!~"2.."')}[5m])) / sum by (operation) (rate(${calls("")}[5m])) > ${thresholds.errorPercent / 100}`,
      summary:
        "MinIO fails {{ $value | humanizePercentage }} of Loki's {{ $labels.operation }} requests. Until it is back, writers keep lines on their disks.",
    },
    {
      name: "LoggingObjectStoreSlow",
      severity: "warning",
      forMinutes: 15,
      expression: `histogram_quantile(0.99, sum by (le) (rate(loki_s3_request_duration_seconds_bucket{${here}}[10m]))) > ${thresholds.objectStoreSeconds}`,
      summary: "MinIO takes {{ $value | humanizeDuration }} for a request of Loki. Queries and flushes are slow.",
    },
    {
      name: "LoggingCompactorNotRunning",
      severity: "warning",
      forMinutes: 30,
      expression: `sum(loki_boltdb_shipper_compactor_running{${here}}) != 1`,
      summary:
        "{{ $value }} compactors run, and it should be 1. With none, old lines are not deleted; with two, the index may be damaged.",
    },
    {
      name: "LoggingRetentionBehind",
      severity: "warning",
      forMinutes: 30,
      // A backend that has just started has had no run yet.
      expression: `time() - max(loki_compactor_apply_retention_last_successful_run_timestamp_seconds{${here}} > 0 or process_start_time_seconds{${here}, component="backend"}) > ${hours}`,
      summary:
        "Retention has not run for {{ $value | humanizeDuration }}. Lines older than loki.retentionHours stay, and the bucket grows.",
    },
    {
      name: "LoggingDeletionBehind",
      severity: "warning",
      forMinutes: 30,
      expression: `time() - max(${sweeper} > 0) > ${hours}`,
      summary:
        "Chunks that retention marked {{ $value | humanizeDuration }} ago are still in the bucket, which is larger than loki.retentionHours allows.",
    },
    ...(thresholds.bucketGiB === undefined
      ? []
      : [
          {
            name: "LoggingBucketTooLarge",
            severity: "warning" as const,
            forMinutes: 60,
            expression: `max(minio_bucket_usage_total_bytes{bucket="${args.objectStorage.bucket}"}) > ${thresholds.bucketGiB} * 2 ^ 30`,
            summary: `The bucket ${args.objectStorage.bucket} holds {{ $value | humanize1024 }}B, more than it should for loki.retentionHours.`,
          },
        ]),
  ];
}
