import type { Loose } from "../manifest.ts";

/** Values that this code does not read, because they have no effect on a process. */
const NOT_OF_A_PROCESS = [
  /(^|\.)(nodeSelector|tolerations|topologySpreadConstraints|affinity|podDisruptionBudget|podAnnotations)\./,
  /(^|\.)(deploymentStrategy|updateStrategy|automountServiceAccountToken|priorityClassName)(\.|$)/,
  /(^|\.)(imagePullSecrets|pullSecrets)\./,
  /(^|\.)resources\.(requests\.|limits\.cpu)/,
  /^(alloy|gateway|gateway\.metrics|lokiCanary)\.resources\./,
  /^(memcachedExporter|serviceAccount|rbac|networkPolicy|crds)\./,
  /^(write|backend)\.persistence\.(size|storageClass|enableStatefulSetAutoDeletePVC)$/,
  /^(chunksCache|resultsCache)\.allocatedCPU$/,
  // Of a Service that the chart makes for Alloy.
  /^alloy\.extraPorts\.\d+\.port$/,
];

/** The same values. Adds every path that is read to `read`. */
export const recording = (values: Loose, read: Set<string>, path = ""): Loose =>
  new Proxy(values, {
    get(target, key) {
      const value = target[key];
      if (typeof key === "symbol") return value;
      const at = path ? `${path}.${key}` : key;
      read.add(at);
      return typeof value === "object" && value !== null ? recording(value, read, at) : value;
    },
  });

/** Paths that are set, would have an effect on a process, and were not read. */
export const unknownValues = (set: Loose, read: ReadonlySet<string>): string[] =>
  leaves(set, "").filter((path) => !read.has(path) && !NOT_OF_A_PROCESS.some((pattern) => pattern.test(path)));

const leaves = (value: Loose, path: string): string[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key))
    : [path];
