import { READER_LOGIN } from "../../gateway/password.ts";
import { MINIO_CREDENTIALS } from "../../objectStorage/credentials.ts";
import { CANARY_COMPONENT, EVENTS_COMPONENT } from "../../releaseNames.ts";
import type { Alert, AlertContext } from "./alert.ts";
import { PARTS } from "./loki.ts";

const DAY_SECONDS = 86_400;

/** Alerts on the whole way of a line, as the canary sees it. */
export function canaryAlerts({ shared, thresholds }: AlertContext): Alert[] {
  return [
    {
      name: "LoggingCanaryLost",
      severity: "critical",
      forMinutes: 5,
      expression: `${shared.canaryLost} > ${thresholds.canaryLostPercent / 100}`,
      summary:
        "{{ $value | humanizePercentage }} of the canary's lines could not be found five minutes after they were written. Lines of applications are late too, or lost.",
    },
    {
      name: "LoggingCanarySlow",
      severity: "warning",
      forMinutes: 15,
      expression: `${shared.canarySeconds} > ${thresholds.canarySeconds}`,
      summary: "A line can be read {{ $value | humanizeDuration }} after it was written. Everyone sees old lines.",
    },
  ];
}

/** Alerts on the platform itself: metrics, restarts, certificates, keys, and the watchdog. */
export function platformAlerts({ args, here, shared, thresholds }: AlertContext): Alert[] {
  const expected = [
    shared.agents,
    ...[
      ...PARTS,
      ...(args.loki.canary ? [CANARY_COMPONENT] : []),
      ...(args.alloy.events.enabled ? [EVENTS_COMPONENT] : []),
    ].map((part) => `${here}, component="${part}"`),
  ];
  const { ca } = args.objectStorage;
  return [
    {
      name: "LoggingMetricsMissing",
      severity: "critical",
      forMinutes: 15,
      expression: expected.map((matchers) => `absent(up{${matchers}})`).join(" or "),
      summary:
        "Prometheus finds no {{ $labels.component }}{{ $labels.container }} of the log platform. It does not run, or is not scraped; its other alerts cannot fire.",
    },
    {
      name: "LoggingRestarts",
      severity: "warning",
      forMinutes: 0,
      expression: `max by (pod) (changes(process_start_time_seconds{${here}}[1h]) or resets(otelcol_process_uptime{${here}}[1h])) >= ${thresholds.restarts}`,
      summary:
        "Restarts of {{ $labels.pod }} in an hour: {{ $value }}. No line is lost by a restart, but something is wrong.",
    },
    ...(ca === undefined
      ? []
      : [
          {
            name: "LoggingCertificateExpires",
            severity: "warning" as const,
            forMinutes: 60,
            expression: `vector(${ca.expires}) - time() < ${thresholds.certificateDays * DAY_SECONDS}`,
            summary:
              "MinIO's CA expires in {{ $value | humanizeDuration }}. After that, Loki can neither write to MinIO nor read from it.",
          },
        ]),
    {
      name: "LoggingKeysOld",
      severity: "warning",
      forMinutes: 60,
      expression: `time() - kube_secret_created{namespace="${args.namespace}", secret=~".+-(${MINIO_CREDENTIALS}|${READER_LOGIN})-.+"} > ${thresholds.keyDays * DAY_SECONDS}`,
      summary: "The Secret {{ $labels.secret }} is {{ $value | humanizeDuration }} old. Rotate its key.",
    },
    {
      name: "LoggingWatchdog",
      severity: "none",
      forMinutes: 0,
      expression: "vector(1)",
      summary: "This alert always fires. When it stops, alerts of the log platform reach nobody.",
    },
  ];
}
