import { LONGEST_SECONDS } from "../../../components/monitoring/thresholds.ts";
import type { Loose } from "../manifest.ts";
import type { AlertCases } from "./alertCase.ts";
import { HERE, latency, oneSeries, slow } from "./series.ts";

const WRITE = 'operation="S3.PutObject"';
const S3 = (operation: string, code: string): string =>
  `loki_s3_request_duration_seconds_count{${HERE}, operation="${operation}", status_code="${code}"}`;
const compactor = (pod: string): string => `loki_boltdb_shipper_compactor_running{${HERE}, pod="${pod}"}`;
const LAST_RETENTION = `loki_compactor_apply_retention_last_successful_run_timestamp_seconds{${HERE}, component="backend", pod="loki-backend-0"}`;
const BACKEND_START = `process_start_time_seconds{${HERE}, component="backend", pod="loki-backend-0"}`;
const SWEEPER = `loki_boltdb_shipper_retention_sweeper_marker_file_processing_current_time{${HERE}, pod="loki-backend-0"}`;

/** Shorter than the default, for a test of two hours. */
const anHour = (monitoring: Loose): void => {
  monitoring.thresholds = { retentionHours: 1 };
};

/** MinIO, and what lies there. */
export const STORAGE_CASES: AlertCases = {
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
  LoggingObjectStoreSlow: {
    ...slow("loki_s3_request_duration_seconds", `${WRITE}, status_code="200", `, LONGEST_SECONDS.objectStore),
    // A MinIO that is down is another alert.
    silent: latency("loki_s3_request_duration_seconds", `${WRITE}, status_code="500", `, [
      0.5,
      LONGEST_SECONDS.objectStore,
    ]),
  },
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
};
