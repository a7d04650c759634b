import type { Safeguards } from "../../cluster/safeguards.ts";
import type { PoolSize } from "../../nodePool/capacity.ts";
import type { Manifest } from "../manifest.ts";

/** What the stack promises of the objects that it renders. The names are those of the argument `promisesGivenUp`. */
export const PROMISES = {
  storageAccess: "MinIO's keys and CA reach every container of Loki, and no other",
  gateway: "the gateway asks for a password, and serves only its list of paths",
  exposure: "nothing reaches Loki around the gateway",
  addresses: "Services keep the names and ports that Alloy, Grafana and the NetworkPolicies use",
  networkPolicies: "the NetworkPolicies select these pods and ports",
  programs: "each program runs with the command, the variables and the files that the stack gives it",
  pipeline: "Alloy runs the stack's pipeline",
  everyNode: "Alloy runs on every Linux node",
  probes: "every container keeps its probes",
  disks: "write and backend keep their disks, also after their pods are gone",
  durability: "lines survive the loss of a pod: copies, write-ahead log, time to stop",
  capacity: "the pods run on the logging pool, and fit on it",
  podSecurity: "pods have no more rights on their node than the stack gives them",
  kubernetesRights: "no pod has rights in the Kubernetes API",
  images: "every image comes from images.registry",
  bucket: "Loki uses this cluster's bucket, with its schema and as one tenant",
  retention: "lines are kept for loki.retentionHours",
  deletion: "nobody can delete lines through the gateway",
  acceptance: "Loki accepts what Alloy sends, at the rates, ages and sizes of the arguments",
  reading: "every line that is kept can be read",
  validConfig: "the charts render, and Loki and Alloy start with their configs",
} as const;

export type PromiseName = keyof typeof PROMISES;

/** What it means to give a promise up. The others cannot be given up. */
export const GIVEN_UP = {
  pipeline: "this project's tests of lost and doubled lines do not apply to the pipeline in alloy.values",
  everyNode: "lines of nodes without Alloy are lost",
  probes: "Kubernetes sends requests to pods that do not answer, or does not restart pods that hang",
  capacity: "pods may find no room on the pool, and Helm then waits for its whole timeout",
  podSecurity: "who breaks into a pod reaches more of its node",
  kubernetesRights: "who breaks into a pod can call the Kubernetes API",
  images: "nodes without a way to public registries cannot start some pods",
  deletion: "everyone with the gateway's password can delete lines",
  acceptance: "Loki may refuse lines, and Alloy then drops them",
} as const satisfies Partial<Record<PromiseName, string>>;

export type GivablePromise = keyof typeof GIVEN_UP;

/** The objects of both releases without and with the escape hatch, and the arguments that some promises are about. */
export interface Sides {
  /** What the stack renders without `loki.values` and `alloy.values`. */
  readonly own: readonly Manifest[];
  readonly given: readonly Manifest[];
  /** Deployments that the stack registers beside the releases: they need room too. */
  readonly beside: readonly Manifest[];
  readonly registry?: string;
  /** The logging pool at its largest. Absent if it is not known. */
  readonly pool?: PoolSize;
  readonly safeguards: Safeguards;
  readonly monitoringNamespaces: readonly string[];
}

/** A promise that an object breaks. */
export interface Breach {
  readonly promise: PromiseName;
  /** `Deployment loki-gateway`. */
  readonly object: string;
  /** What the object has or lacks. */
  readonly text: string;
  /** The key that does it right. */
  readonly fix: string;
}
