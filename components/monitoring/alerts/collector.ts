import { FULL_QUEUE_PERCENT } from "../thresholds.ts";
import { type Alert, type AlertContext, hasRisen } from "./alert.ts";

/** Alerts on Alloy: one on each node, with 16 queues on the node's disk. */
export function collectorAlerts({ here, shared, thresholds }: AlertContext): Alert[] {
  const { agents, alloy, queueSize: size, queueCapacity: capacity, queueFill } = shared;
  return [
    {
      name: "LoggingQueueGrowing",
      severity: "warning",
      forMinutes: 30,
      // Above 5 %, because a queue rises and falls while all is well.
      expression: `sum by (node) (deriv(${size}[15m])) > 0 and sum by (node) (${size}) > 0.05 * sum by (node) (${capacity})`,
      summary:
        "Node {{ $labels.node }} collects lines faster than Loki accepts them. No line is lost yet: they wait on the node's disk.",
    },
    {
      name: "LoggingQueueHalfFull",
      severity: "warning",
      forMinutes: 5,
      expression: `${queueFill} > ${thresholds.queuePercent / 100}`,
      summary:
        "A queue on node {{ $labels.node }} is {{ $value | humanizePercentage }} full. No line is lost yet, but half of the time that the buffer buys is over.",
    },
    {
      name: "LoggingQueueFull",
      severity: "critical",
      forMinutes: 2,
      expression: `${queueFill} > ${FULL_QUEUE_PERCENT / 100}`,
      summary:
        "A queue on node {{ $labels.node }} is full, so Alloy has stopped reading for it. Lines are lost when the kubelet deletes their files.",
    },
    {
      name: "LoggingQueueNotWritten",
      severity: "critical",
      forMinutes: 0,
      expression: `sum by (node) (${hasRisen(`otelcol_exporter_enqueue_failed_log_records{${alloy}}`, here)})`,
      summary:
        "Alloy on node {{ $labels.node }} cannot write to its queue: the disk is full. Free it, and follow the runbook: lines of the queue may be lost, but the node's files still have them.",
    },
    {
      name: "LoggingAgentMissing",
      severity: "critical",
      forMinutes: 15,
      expression: `${shared.nodesWithoutAgent} > 0`,
      summary:
        "Nodes without a ready Alloy: {{ $value }}. Their lines are not collected, and are lost when files rotate.",
    },
    {
      name: "LoggingAgentDown",
      severity: "critical",
      forMinutes: 10,
      expression: `up{${agents}} == 0`,
      summary:
        "Alloy on node {{ $labels.node }} does not answer. The node's lines are not collected, and are lost when files rotate.",
    },
    {
      name: "LoggingNodeSilent",
      severity: "warning",
      forMinutes: thresholds.silentNodeMinutes,
      expression: `max by (node) (up{${agents}}) == 1 unless on (node) sum by (node) (increase(otelcol_exporter_sent_log_records{${agents}}[10m])) > 0`,
      summary: `Alloy runs on node {{ $labels.node }} but has delivered no line for ${thresholds.silentNodeMinutes} minutes. The node's newest lines are missing.`,
    },
    {
      name: "LoggingLinesDropped",
      severity: "critical",
      forMinutes: 0,
      expression: `sum by (node) (${hasRisen(`otelcol_exporter_send_failed_log_records{${alloy}}`, here)})`,
      summary: "Alloy on node {{ $labels.node }} has dropped lines that Loki refused for good. These lines are lost.",
    },
  ];
}
