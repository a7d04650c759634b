import type { AlertCases } from "./alertCase.ts";
import { ALLOY, alloyOf, EVENTS, NODE, oneSeries } from "./series.ts";

const upOf = (node: string): string => `up{${alloyOf(node)}}`;
const dropped = (node: string): string =>
  `otelcol_exporter_send_failed_log_records{${alloyOf(node)}, exporter="otlp_http/0"}`;
const notWritten = dropped("1").replace("send_failed", "enqueue_failed");
const queue = (exporter: string): string => `otelcol_exporter_queue_size{${ALLOY}, exporter="${exporter}"}`;
const capacity = (exporter: string): string => `otelcol_exporter_queue_capacity{${ALLOY}, exporter="${exporter}"}`;
const daemonSet = (metric: string): string => `kube_daemonset_status_${metric}{namespace="logging", daemonset="alloy"}`;

/** Alloy on each node. */
export const COLLECTOR_CASES: AlertCases = {
  LoggingQueueGrowing: {
    labels: NODE,
    fires: { [queue("0")]: "0+2x60", [queue("1")]: "0x60", [capacity("0")]: "100x60", [capacity("1")]: "100x60" },
    // Large, but shrinking.
    silent: { [queue("0")]: "90-1x60", [queue("1")]: "0x60", [capacity("0")]: "100x60", [capacity("1")]: "100x60" },
    minutes: 58,
  },
  LoggingQueueHalfFull: {
    labels: NODE,
    // One of the queues is enough: its lines are those of some pods.
    fires: { [queue("0")]: "60x20", [queue("1")]: "0x20", [capacity("0")]: "100x20", [capacity("1")]: "100x20" },
    silent: { [queue("0")]: "45x20", [queue("1")]: "45x20", [capacity("0")]: "100x20", [capacity("1")]: "100x20" },
    minutes: 15,
  },
  LoggingQueueFull: {
    labels: NODE,
    fires: { [queue("0")]: "97x20", [capacity("0")]: "100x20" },
    silent: { [queue("0")]: "94x20", [capacity("0")]: "100x20" },
    minutes: 10,
  },
  LoggingQueueNotWritten: {
    labels: NODE,
    // The counter appears with its first value.
    fires: { [notWritten]: "_x20 100x5", [upOf("1")]: "1x25" },
    silent: { [notWritten]: "100x40", [upOf("1")]: "1x40" },
    minutes: 22,
  },
  LoggingAgentMissing: {
    labels: { namespace: "logging", daemonset: "alloy" },
    fires: { [daemonSet("desired_number_scheduled")]: "5x30", [daemonSet("number_ready")]: "4x30" },
    // A roll-out: each minute another node.
    silent: { [daemonSet("desired_number_scheduled")]: "5x30", [daemonSet("number_ready")]: "5 4 5 4 5x26" },
    minutes: 20,
  },
  LoggingAgentDown: {
    labels: { ...NODE, namespace: "logging", container: "alloy", pod: "alloy-1" },
    ...oneSeries(`up{${ALLOY}}`, "0x30", "1 0 0 0 1x26"),
    minutes: 20,
  },
  LoggingNodeSilent: {
    labels: NODE,
    // What the events' pod on the same node sends does not count.
    fires: {
      [`up{${ALLOY}}`]: "1x60",
      [`otelcol_exporter_sent_log_records{${ALLOY}}`]: "500x60",
      [`otelcol_exporter_sent_log_records{${EVENTS}}`]: "0+1x60",
    },
    silent: { [`up{${ALLOY}}`]: "1x60", [`otelcol_exporter_sent_log_records{${ALLOY}}`]: "0+1x60" },
    minutes: 55,
  },
  LoggingLinesDropped: {
    labels: NODE,
    // The counter appears with its first value.
    fires: { [dropped("1")]: "_x20 3x5", [upOf("1")]: "1x25" },
    // One that was there before, also before a Prometheus that has begun with it.
    silent: { [dropped("1")]: "3x40", [upOf("1")]: "1x40", [dropped("2")]: "_x20 3x5", [upOf("2")]: "_x20 1x5" },
    minutes: 22,
  },
};
