import type { Loose } from "../manifest.ts";
import type { AlertCases } from "./alertCase.ts";
import { ALLOY, alloyOf, EVENTS, HERE, NODE } from "./series.ts";

const JOURNAL = `${HERE}, container="journal", node="node-1", pod="alloy-1"`;
const journalDropped = `otelcol_exporter_send_failed_log_records_total{${JOURNAL}}`;
const dropped = `otelcol_exporter_send_failed_log_records{${alloyOf("1")}, exporter="otlp_http/0"}`;

const withEvents = (_: Loose, config: Loose): void => {
  config.alloy = { ...config.alloy, events: { enabled: true } };
};

const withJournal = (_: Loose, config: Loose): void => {
  config.alloy = { ...config.alloy, journal: { units: ["kubelet.service"] } };
};

/** The pod of the Kubernetes events, and the container of the journals. */
export const EVENTS_AND_JOURNAL_CASES: AlertCases = {
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
    fires: { [journalDropped]: "_x20 3x5", [`up{${JOURNAL}}`]: "1x25", [`up{${ALLOY}}`]: "1x25" },
    silent: { [journalDropped]: "3x40", [`up{${JOURNAL}}`]: "1x40", [dropped]: "_x20 3x5", [`up{${ALLOY}}`]: "1x40" },
    minutes: 22,
    change: withJournal,
  },
};
