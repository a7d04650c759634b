import { GATEWAY_COMPONENT, LOKI_COMPONENTS } from "../../releaseNames.ts";
import { RATE_LIMITS } from "../expressions.ts";
import { type Alert, type AlertContext, hasRisen } from "./alert.ts";

/** Parts of Loki that have to run, by the label of their pods. */
export const PARTS = [...LOKI_COMPONENTS, GATEWAY_COMPONENT];

/** Alerts on Loki: what it refuses, its writers, its ring, its requests. */
export function lokiAlerts({ here, shared, thresholds }: AlertContext): Alert[] {
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
      expression: `sum by (reason) (${hasRisen(`loki_discarded_samples_total{${here}, reason!~"${RATE_LIMITS}"}`, here)})`,
      summary: "Loki refuses lines for good, reason {{ $labels.reason }}. These lines are lost.",
    },
    {
      name: "LoggingRateLimited",
      severity: "warning",
      forMinutes: 15,
      expression: `${shared.rateLimited} > 0`,
      summary:
        "Loki answers 429, reason {{ $labels.reason }}: the cluster logs more than loki.limits allows. The lines wait on the nodes, and are not lost while their queues have room.",
    },
    {
      name: "LoggingWriterDiskFilling",
      severity: "warning",
      forMinutes: 15,
      expression: `${shared.writerDisk} > ${thresholds.writerDiskPercent / 100}`,
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
      expression: `${shared.flushFailures} > 0`,
      summary:
        "{{ $labels.pod }} cannot write to MinIO. Its lines stay in its memory and on its disk, until that is full.",
    },
    {
      name: "LoggingRingUnhealthy",
      severity: "critical",
      forMinutes: 10,
      expression: `${shared.unhealthyWriters} > 0`,
      summary:
        "Unhealthy writers that Loki cannot go on without: {{ $value }}. With two, it accepts no lines: they wait on the nodes.",
    },
    {
      name: "LoggingLimitsNotRead",
      severity: "warning",
      forMinutes: 10,
      expression: `max by (pod) (loki_runtime_config_last_reload_successful{${here}}) == 0`,
      summary:
        "{{ $labels.pod }} refuses its runtime config, and keeps its old limits. No line is affected, but a pod that starts with this config does not start.",
    },
    {
      name: "LoggingRequestErrors",
      severity: "critical",
      forMinutes: 10,
      expression: `${shared.requestErrors} > ${thresholds.errorPercent / 100}`,
      summary:
        "Loki fails {{ $value | humanizePercentage }} of the requests that the gateway passes on to {{ $labels.route }}. For otlp_v1_logs, lines wait on the nodes; else people get errors.",
    },
    {
      name: "LoggingPushSlow",
      severity: "warning",
      forMinutes: 15,
      expression: `${shared.pushSeconds} > ${thresholds.pushSeconds}`,
      summary: "Loki takes {{ $value | humanizeDuration }} to accept a push. Queues on the nodes grow.",
    },
    {
      name: "LoggingQueriesSlow",
      severity: "warning",
      forMinutes: 15,
      expression: `${shared.searchSeconds} > ${thresholds.querySeconds}`,
      summary:
        "Loki takes {{ $value | humanizeDuration }} to answer a query. No line is affected, but people who search are.",
    },
  ];
}

/** Alerts on what lies in MinIO, and on the way there. */
export function storageAlerts({ args, shared, thresholds }: AlertContext): Alert[] {
  const hours = `${thresholds.retentionHours} * 3600`;
  return [
    {
      name: "LoggingObjectStoreErrors",
      severity: "critical",
      forMinutes: 10,
      expression: `${shared.storeErrors} > ${thresholds.errorPercent / 100}`,
      summary:
        "MinIO fails {{ $value | humanizePercentage }} of Loki's {{ $labels.operation }} requests. Until it is back, writers keep lines on their disks.",
    },
    {
      name: "LoggingObjectStoreSlow",
      severity: "warning",
      forMinutes: 15,
      expression: `${shared.storeSeconds} > ${thresholds.objectStoreSeconds}`,
      summary: "MinIO takes {{ $value | humanizeDuration }} for a request of Loki. Queries and flushes are slow.",
    },
    {
      name: "LoggingCompactorNotRunning",
      severity: "warning",
      forMinutes: 30,
      expression: `${shared.compactors} != 1`,
      summary:
        "Compactors that run: {{ $value }}. It should be 1. With none, old lines are not deleted; with two, the index may be damaged.",
    },
    {
      name: "LoggingRetentionBehind",
      severity: "warning",
      forMinutes: 30,
      expression: `${shared.sinceRetention} > ${hours}`,
      summary:
        "Retention has not run for {{ $value | humanizeDuration }}. Lines older than loki.retentionHours stay, and the bucket grows.",
    },
    {
      name: "LoggingDeletionBehind",
      severity: "warning",
      forMinutes: 30,
      expression: `${shared.deletionBehind} > ${hours}`,
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
