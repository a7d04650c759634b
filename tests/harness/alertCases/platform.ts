import { LONGEST_SECONDS } from "../../../components/monitoring/thresholds.ts";
import type { AlertCases, Series } from "./alertCase.ts";
import { ALLOY, HERE, slow, WRITER } from "./series.ts";

const lost = `loki_canary_missing_entries_total{${HERE}}`;
const written = `loki_canary_entries_total{${HERE}}`;
const EVERYTHING: Series = Object.fromEntries([
  [`up{${ALLOY}}`, "1x60"],
  ...["write", "read", "backend", "gateway", "canary"].map((part) => [`up{${HERE}, component="${part}"}`, "1x60"]),
]);

/** The canary, and the platform itself. */
export const PLATFORM_CASES: AlertCases = {
  LoggingCanaryLost: {
    fires: { [lost]: "0+3x60", [written]: "0+60x60" },
    // One line in two hours.
    silent: { [lost]: "0x30 1x30", [written]: "0+60x60" },
    minutes: 50,
  },
  LoggingCanarySlow: slow("loki_canary_response_latency_seconds", "", LONGEST_SECONDS.canary),
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
