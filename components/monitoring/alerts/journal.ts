import { JOURNAL_CONTAINER } from "../../alloy/journal/container.ts";
import { type Alert, type AlertContext, hasRisen } from "./alert.ts";

/** Alerts on the container that sends a node's journal. */
export function journalAlerts({ here }: AlertContext): Alert[] {
  const journal = `${here}, container="${JOURNAL_CONTAINER}"`;
  return [
    {
      name: "LoggingJournalDown",
      severity: "warning",
      // Nothing is lost yet: the node keeps its journal, and the container reads the last week of it.
      forMinutes: 30,
      expression: `up{${journal}} == 0`,
      summary:
        "The container that sends the journal of node {{ $labels.node }} does not answer. No entry is lost yet. Lines of applications are not affected.",
    },
    {
      name: "LoggingJournalDropped",
      severity: "warning",
      forMinutes: 0,
      expression: `sum by (node) (${hasRisen(`otelcol_exporter_send_failed_log_records_total{${journal}}`, here)})`,
      summary:
        "Entries of the journal of node {{ $labels.node }} were dropped, because Loki refused them for good. These entries are lost.",
    },
  ];
}
