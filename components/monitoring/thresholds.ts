import { z } from "zod";
import { count } from "../argumentTypes.ts";

const percent = z.number().positive().max(100);

/** The thresholds that people tune. */
export const thresholdsArgs = z.strictObject({
  /**
   * `LoggingQueueHalfFull`: the fullest of a node's queues, percent of its size.
   * @default 50
   */
  queuePercent: percent.default(50),
  /**
   * `LoggingNodeSilent`: minutes in which a node's Alloy delivers no line.
   * @default 30
   */
  silentNodeMinutes: count.max(1440).default(30),
  /**
   * `LoggingEventsSilent`: hours in which no Kubernetes event is read. Even a quiet cluster has some in this time.
   * @default 6
   */
  silentEventsHours: count.max(168).default(6),
  /**
   * `LoggingWriterDiskFilling`: use of a writer's disk, percent, less than the 90 at which Loki refuses lines.
   * @default 75
   */
  writerDiskPercent: percent.lt(90).default(75),
  /**
   * `LoggingRequestErrors` and `LoggingObjectStoreErrors`: failed requests, percent.
   * @default 5
   */
  errorPercent: percent.default(5),
  /**
   * `LoggingPushSlow`: time in which writers accept 99 % of the pushes, seconds.
   * @default 5
   */
  pushSeconds: z.number().positive().default(5),
  /**
   * `LoggingQueriesSlow`: time in which readers answer 99 % of the queries, seconds.
   * @default 60
   */
  querySeconds: z.number().positive().default(60),
  /**
   * `LoggingObjectStoreSlow`: time in which MinIO answers 99 % of the requests, seconds.
   * @default 5
   */
  objectStoreSeconds: z.number().positive().default(5),
  /**
   * `LoggingRetentionBehind` and `LoggingDeletionBehind`: hours without a successful run.
   * @default 24
   */
  retentionHours: count.default(24),
  /**
   * `LoggingBucketTooLarge`: size of the bucket, GiB. It needs MinIO's own metrics in the same Prometheus.
   * https://min.io/docs/minio/linux/operations/monitoring/collect-minio-metrics-using-prometheus.html
   * @default - no such alert
   */
  bucketGiB: z.number().positive().optional(),
  /**
   * `LoggingCanaryLost`: lines of the canary that are not found, percent.
   * @default 1
   */
  canaryLostPercent: percent.default(1),
  /**
   * `LoggingCanarySlow`: time after which 95 % of the canary's lines can be read, seconds.
   * @default 60
   */
  canarySeconds: z.number().positive().default(60),
  /**
   * `LoggingCertificateExpires`: days before MinIO's CA expires.
   * @default 30
   */
  certificateDays: count.default(30),
  /**
   * `LoggingKeysOld`: age of MinIO's keys and of the gateway's password, days.
   * @default 365
   */
  keyDays: count.default(365),
  /**
   * `LoggingRestarts`: restarts of a pod in an hour.
   * @default 3
   */
  restarts: count.default(3),
});

/** The thresholds, with every default filled in. */
export type Thresholds = z.output<typeof thresholdsArgs>;
