import type { Alert, AlertContext } from "./alert.ts";

/** Alerts on the pod that sends Kubernetes events. Those on queues and on dropped lines count for it too (collector.ts). */
export function eventsAlerts({ shared: { events }, thresholds }: AlertContext): Alert[] {
  return [
    {
      name: "LoggingEventsDown",
      severity: "critical",
      // The API server keeps an event for an hour.
      forMinutes: 20,
      expression: `up{${events}} == 0`,
      summary:
        "The pod that sends Kubernetes events does not answer. Events are lost when they are an hour old. Lines of applications are not affected.",
    },
    {
      name: "LoggingEventsSilent",
      severity: "warning",
      forMinutes: 5,
      // A receiver that the API server has refused once stays silent until the next start of its pod.
      expression: `max(up{${events}}) == 1 unless sum(increase(otelcol_receiver_accepted_log_records{${events}}[${thresholds.silentEventsHours}h])) > 0`,
      summary: `The pod that sends Kubernetes events has read none for ${thresholds.silentEventsHours} hours. Events may be missing from Loki.`,
    },
  ];
}
