import { LONGEST_SECONDS } from "../../../components/monitoring/thresholds.ts";
import type { AlertCases } from "./alertCase.ts";
import { latency, oneSeries, slow, WRITER } from "./series.ts";

const PUSHES = 'route="otlp_v1_logs", status_code="204"';
const FAILED = 'route="otlp_v1_logs", status_code="500"';
const requests = (more: string): string => `loki_request_duration_seconds_count{${WRITER}, ${more}}`;
const discarded = (reason: string): string => `loki_discarded_samples_total{${WRITER}, reason="${reason}"}`;

/** Loki: what it refuses, its writers, its ring, its requests. */
export const LOKI_CASES: AlertCases = {
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
  LoggingPushSlow: slow("loki_request_duration_seconds", 'route="otlp_v1_logs", ', LONGEST_SECONDS.requests),
  LoggingQueriesSlow: {
    ...slow("loki_request_duration_seconds", 'route="loki_api_v1_query_range", ', LONGEST_SECONDS.requests),
    // Slow pushes are another alert.
    silent: latency("loki_request_duration_seconds", 'route="otlp_v1_logs", ', [0.5, LONGEST_SECONDS.requests]),
  },
};
