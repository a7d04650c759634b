/** Name of Loki's release. The chart derives the Service `loki-gateway` from it; a generated name would break Alloy's address. */
export const LOKI_RELEASE = "loki";

/** Service of the gateway: everything that reads or writes logs uses this name. */
export const GATEWAY_SERVICE = `${LOKI_RELEASE}-gateway`;

/** Name of Alloy's release, and so of the DaemonSet. */
export const ALLOY_RELEASE = "alloy";
