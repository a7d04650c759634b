import type { Workload } from "../nodePool/capacity.ts";
import { type ContainerResources, type Quantities, requested } from "../quantities.ts";
import type { Loki } from "./args.ts";

/**
 * Resources of the exporters beside nginx and memcached. The chart sets none. They need less, but AKS raises smaller requests where
 * Deployment Safeguards are enforced.
 */
export const EXPORTER_RESOURCES = { requests: { cpu: "100m", memory: "100Mi" }, limits: { memory: "128Mi" } };

/** Resources of the canary. It needs less, like the exporters. */
export const CANARY_RESOURCES = EXPORTER_RESOURCES;

/** CPU requests of the caches. The chart requests 500m each, which they never use in front of MinIO. */
export const CACHE_CPU = { chunks: "200m", results: "100m" } as const;

/**
 * Loki's pods as the scheduler sees them.
 *
 * @param admitted Requests of one container as the cluster admits them. Default: as written.
 */
export function lokiWorkloads(loki: Loki, admitted = (requests: Quantities): Quantities => requests): Workload[] {
  const reserved = (resources: Pick<ContainerResources, "requests">): Quantities => admitted(requested(resources));
  const exporter = reserved(EXPORTER_RESOURCES);
  const component = (name: "write" | "read" | "backend", disks: number): Workload => ({
    name,
    replicas: loki[name].replicas,
    ...reserved(loki[name].resources),
    onePerHost: true,
    disks,
  });
  const cache = (name: string, allocatedMiB: number, cpu: string): Workload[] => {
    if (allocatedMiB === 0) return [];
    // The chart requests 1.2 times the memory that memcached may fill.
    const own = reserved({ requests: { cpu, memory: `${Math.floor((allocatedMiB * 12 + 5) / 10)}Mi` } });
    return [
      {
        name,
        replicas: 1,
        cpu: own.cpu + exporter.cpu,
        memory: own.memory + exporter.memory,
        onePerHost: false,
        disks: 0,
      },
    ];
  };
  const gateway = reserved(loki.gateway.resources);
  const canary = { name: "canary", replicas: 1, ...reserved(CANARY_RESOURCES), onePerHost: false, disks: 0 };
  return [
    component("write", 1),
    component("read", 0),
    component("backend", 1),
    {
      name: "gateway",
      replicas: loki.gateway.replicas,
      cpu: gateway.cpu + exporter.cpu,
      memory: gateway.memory + exporter.memory,
      onePerHost: true,
      disks: 0,
    },
    ...cache("chunks-cache", loki.caches.chunksMiB, CACHE_CPU.chunks),
    ...cache("results-cache", loki.caches.resultsMiB, CACHE_CPU.results),
    ...(loki.canary ? [canary] : []),
  ];
}
