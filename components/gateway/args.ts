import { z } from "zod";
import { count } from "../argumentTypes.ts";
import { resources } from "../quantities.ts";

/** Arguments of the gateway: nginx with basic auth, in front of Loki. */
export const gatewayArgs = z.strictObject({
  /**
   * Number of pods.
   * @default 2
   */
  replicas: count.default(2),
  /**
   * Requests and limits.
   * @default { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } }
   */
  resources: resources.default({ requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } }),
  /**
   * Raise it by one to rotate the gateway's password. The gateway accepts the new and the previous user until the next rotation, so it
   * refuses no push during the roll-out.
   * @default 1
   */
  credentialsGeneration: count.default(1),
});
