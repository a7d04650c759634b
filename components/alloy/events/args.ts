import { z } from "zod";
import type { Workload } from "../../nodePool/capacity.ts";
import { type Quantities, requested, resources } from "../../quantities.ts";

/** Arguments of the Kubernetes events. */
export const eventsArgs = z.strictObject({
  /**
   * Every Kubernetes event becomes a line in Loki: `{container="kubernetes_events"}` (`docs/collecting.md`). It costs one pod, one disk of
   * 4 GiB, a connection to the API server, and a right in the whole cluster: to read events. So the login that deploys the stack has
   * to be allowed to create a ClusterRole.
   * @default false
   */
  enabled: z.boolean().default(false),
  /**
   * Requests and limits of the pod. At a start it holds all events that the API server has, with about 13 KiB for each.
   * @default { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "1Gi" } }
   */
  resources: resources.default({ requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "1Gi" } }),
});

/** The events, with every default filled in. */
export type Events = z.output<typeof eventsArgs>;

/** The pod that sends the events, as the scheduler sees it. None if they are off. */
export const eventsWorkloads = (
  { enabled, resources }: Events,
  admitted = (requests: Quantities): Quantities => requests,
): Workload[] =>
  enabled
    ? [{ name: "alloy-events", replicas: 1, ...admitted(requested(resources)), onePerHost: false, disks: 1 }]
    : [];
