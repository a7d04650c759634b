/** Name of Loki's release. The chart derives the Service `loki-gateway` from it, so a generated name would break Alloy's push URL. */
export const LOKI_RELEASE = "loki";

/** Service of the gateway. Everything that reads or writes logs uses this name. */
export const GATEWAY_SERVICE = `${LOKI_RELEASE}-gateway`;

/** Name of the pod that sends Kubernetes events, and of what belongs to it. */
export const EVENTS_WORKLOAD = "alloy-events";

/** The label `app.kubernetes.io/component` of the pod that sends Kubernetes events. */
export const EVENTS_COMPONENT = "events";

/** Name of Alloy's release and of its DaemonSet. */
export const ALLOY_RELEASE = "alloy";

/** Name of the canary's container in the chart, and so its label in Loki. */
export const CANARY_CONTAINER = "canary";

/** The label `app.kubernetes.io/component` of Loki's pods, in which its chart has a Deployment or a StatefulSet each, and of the canary. */
export const LOKI_COMPONENTS = ["write", "read", "backend"] as const;
export const GATEWAY_COMPONENT = "gateway";
export const CANARY_COMPONENT = "canary";
