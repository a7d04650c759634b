import { z } from "zod";
import { count } from "../argumentTypes.ts";

/**
 * The longest times that the histograms of Loki's requests, of its requests to MinIO, and of the canary's lines tell apart, in seconds. No
 * quantile exceeds them, so an alert above them would never fire. The scenario `metrics` compares them with the running programs.
 */
export const LONGEST_SECONDS = { requests: 100, objectStore: 2, canary: 256 } as const;

/** A share of more than everything is never reached. */
const percent = z.number().positive().lt(100);

const seconds = (histogram: keyof typeof LONGEST_SECONDS) => z.number().positive().lt(LONGEST_SECONDS[histogram]);

/** `LoggingQueueFull`: a queue as full as that, percent. */
export const FULL_QUEUE_PERCENT = 95;

/** The thresholds that people tune. */
export const thresholdsArgs = z.strictObject({
  /**
   * `LoggingQueueHalfFull`: the fullest of a node's queues, percent of its size, less than the 95 of `LoggingQueueFull`.
   * @default 50
   */
  queuePercent: percent.lt(FULL_QUEUE_PERCENT).default(50),
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
   * `LoggingPushSlow`: time in which writers accept 99 % of the pushes, seconds. Loki counts no times above 100 apart.
   * @default 5
   */
  pushSeconds: seconds("requests").default(5),
  /**
   * `LoggingQueriesSlow`: time in which readers answer 99 % of the queries, seconds. Loki counts no times above 100 apart.
   * @default 60
   */
  querySeconds: seconds("requests").default(60),
  /**
   * `LoggingObjectStoreSlow`: time in which MinIO answers 99 % of the requests, seconds. Loki counts no times above 2 apart.
   * @default 1
   */
  objectStoreSeconds: seconds("objectStore").default(1),
  /**
   * `LoggingRetentionBehind` and `LoggingDeletionBehind`: hours without a successful run.
   * @default 24
   */
  retentionHours: count.max(720).default(24),
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
   * `LoggingCanarySlow`: time after which 95 % of the canary's lines can be read, seconds. The canary counts no times above 256 apart.
   * @default 60
   */
  canarySeconds: seconds("canary").default(60),
  /**
   * `LoggingCertificateExpires`: days before MinIO's CA expires.
   * @default 30
   */
  certificateDays: count.default(30),
  /**
   * `LoggingKeysOld`: age of MinIO's keys and of the gateway's password, days.
   * @default 365
   */
  keyDays: count.max(3650).default(365),
  /**
   * `LoggingRestarts`: restarts of a pod in an hour.
   * @default 3
   */
  restarts: count.max(20).default(3),
});

/** The thresholds, with every default filled in. */
export type Thresholds = z.output<typeof thresholdsArgs>;
