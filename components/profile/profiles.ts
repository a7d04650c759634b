import type { z } from "zod";
import type { alloyArgs } from "../alloy/args.ts";
import { agentRequests } from "../alloy/requests.ts";
import { lokiArgs } from "../loki/args.ts";
import { CHUNK_MIB } from "../loki/chunk.ts";
import { lokiWorkloads } from "../loki/workloads.ts";
import { checkCapacity } from "../nodePool/capacity.ts";
import { AZURE_VM_SIZES } from "../nodePool/vmSizes.ts";
import { type ContainerResources, parseCpu, type Quantities } from "../quantities.ts";
import { textTable } from "../textTable.ts";
import type { ProfileName } from "./args.ts";

type LokiArgs = z.input<typeof lokiArgs>;

/** How much a cluster logs. */
export interface Load {
  /** Lines of one day as applications write them, GB. */
  readonly gbPerDay: number;
  /** Application nodes. */
  readonly nodes: number;
}

/** Arguments for a load, and the pool they need. */
export interface Profile extends Load {
  readonly pool: { readonly vmSize: string; readonly minCount: number; readonly maxCount: number };
  readonly loki: Pick<LokiArgs, "write" | "read" | "backend" | "gateway" | "caches" | "limits" | "queries">;
  readonly alloy: Pick<z.input<typeof alloyArgs>, "resources">;
}

/** The load that each value of `profile` stands for. */
export const LOADS: Readonly<Record<ProfileName, Load>> = {
  small: { gbPerDay: 20, nodes: 10 },
  medium: { gbPerDay: 100, nodes: 40 },
  large: { gbPerDay: 500, nodes: 120 },
};

/** Measured per MB of lines, CPU in seconds. From the column `stack` of bench/results/pipeline.md, if nothing else is named. */
export const MEASURED = {
  /** 0.5 MB/s with gzip, level 1: bench/results/collector.md. */
  alloyCpu: 0.21,
  gatewayCpu: 0.0028,
  /** All writers together. Every line is written three times. */
  writeCpu: 0.2,
  /** Bytes that MinIO stores per byte of lines. */
  stored: 0.21,
  /** MB/s that one core of a reader searches, from the CPU of `needle in a day`. */
  searchedPerCore: 60,
  /** A writer's memory without lines, MiB. */
  writerMiB: 250,
} as const;

/** Rate of the busiest hour, relative to the day's mean. */
export const PEAK = 3;
/** Share of the requested CPU that is used at the peak. The rest is for catching up after an outage. */
const UTILISATION = 0.6;
/** Seconds that a search through a whole day may take. */
const DAY_SEARCH_SECONDS = 300;
/** Most hours that a chunk stays in a writer's memory: two of time sharding and half an hour without lines. */
const CHUNK_HOURS = 2.5;
/** Containers that log on one application node. */
const CONTAINERS_PER_NODE = 30;
/** Hours that MinIO may be down before a writer's disk is full. A byte of lines takes at most one byte on the disk. */
const OUTAGE_HOURS = 12;
/** The largest request of one writer. Its limit, twice that, still fits on a node of 4 vCPUs. */
const LARGEST_WRITER = { cores: 1.75, mib: 6144 };
/** The default replication factor. */
const COPIES = 3;
/** The default of `nodePool.maxPods`. */
const MAX_PODS = 60;

/** MB/s at the busiest hour. */
export const peakRate = (gbPerDay: number): number => (gbPerDay * 1000 * PEAK) / 86_400;

/**
 * The arguments and the pool that a load needs, computed from the measured figures. docs/sizing.md explains the formula.
 *
 * @throws {Error} if no pool of the sizes tried has room for the load.
 */
export function sizing({ gbPerDay, nodes }: Load): Profile {
  const rate = peakRate(gbPerDay);
  const writeCores = (rate * MEASURED.writeCpu) / UTILISATION;
  const readCores = (gbPerDay * 1000) / (MEASURED.searchedPerCore * DAY_SEARCH_SECONDS);
  const readers = Math.max(3, Math.ceil(readCores / 2));
  // Chunks that are not full yet: at most what was logged in that time, and at most one full chunk per container.
  const loggedMiB = rate * 3600 * CHUNK_HOURS * MEASURED.stored;
  const openMiB = Math.min(loggedMiB, nodes * CONTAINERS_PER_NODE * CHUNK_MIB) * COPIES;
  // If one writer is down, the others take over its share. Go's collector lets the heap grow to twice its content.
  const ofOne = (writers: number) => ({
    cores: writeCores / (writers - 1),
    mib: MEASURED.writerMiB + (2 * openMiB) / (writers - 1),
  });
  let writers = COPIES;
  while (ofOne(writers).cores > LARGEST_WRITER.cores || ofOne(writers).mib > LARGEST_WRITER.mib) writers += 1;
  const diskGiB = (((gbPerDay / 24) * OUTAGE_HOURS) / writers) * COPIES;
  const read = resources(readCores / readers, 1024);
  const loki: Profile["loki"] = {
    write: {
      replicas: writers,
      resources: resources(ofOne(writers).cores, ofOne(writers).mib),
      diskSizeGiB: Math.max(20, roundUp(diskGiB, 10)),
    },
    read: { replicas: readers, resources: read },
    backend: { replicas: 2, resources: resources(0.25, 1024), diskSizeGiB: 20 },
    gateway: {
      replicas: 2,
      resources: {
        requests: { cpu: `${Math.max(100, roundUp(rate * MEASURED.gatewayCpu * 1000, 50))}m`, memory: "128Mi" },
        limits: { memory: "256Mi" },
      },
    },
    // Most queries that come again are about the last hour.
    caches: { chunksMiB: roundUp(Math.max(512, (gbPerDay / 24) * 1000 * MEASURED.stored), 256), resultsMiB: 256 },
    // Room to catch up: an outage's backlog comes at several times the usual rate.
    limits: {
      ingestionRateMb: roundUp(rate * 4, 10),
      ingestionBurstMb: roundUp(rate * 8, 20),
      maxStreams: Math.max(20_000, nodes * CONTAINERS_PER_NODE * 4),
    },
    queries: {
      timeoutSeconds: DAY_SEARCH_SECONDS,
      // What all readers search in that time, at the limit of their CPU. A query that reads more would only fail later.
      maxReadGb: Math.floor((limitCores(read) * readers * MEASURED.searchedPerCore * DAY_SEARCH_SECONDS) / 1000),
      // A panel with one series for each container.
      maxSeries: Math.max(500, nodes * CONTAINERS_PER_NODE),
    },
  };
  // The agent on each node handles that node's share. No CPU limit, as in its default.
  const agentMillicores = Math.max(100, roundUp(((rate / nodes) * MEASURED.alloyCpu * 1000) / UTILISATION, 50));
  const agent = { requests: { cpu: `${agentMillicores}m`, memory: "256Mi" }, limits: { memory: "1Gi" } };
  return { gbPerDay, nodes, pool: smallestPool(loki, agentRequests(agent)), loki, alloy: { resources: agent } };
}

/** The profile with a name. */
export const profile = (name: ProfileName): Profile => sizing(LOADS[name]);

/** VM sizes to try for the pool, cheapest first. They can attach a writer's disk, and have Loki's ratio of CPU to memory. */
const VM_SIZES = ["Standard_D4s_v5", "Standard_D8s_v5", "Standard_D16s_v5"];
const MAX_NODES = 40;

/** The pool with the fewest vCPUs that is certain to fit all pods, plus one node for upgrades and for a lost node. */
function smallestPool(loki: LokiArgs, agent: Quantities): Profile["pool"] {
  const workloads = lokiWorkloads(lokiArgs.parse(loki));
  const fitting = VM_SIZES.flatMap((vmSize) => {
    const vm = AZURE_VM_SIZES.get(vmSize);
    if (!vm) return [];
    const counts = Array.from({ length: MAX_NODES }, (_, i) => i + 1);
    const nodes = counts.find((n) => checkCapacity({ vm, maxPods: MAX_PODS, nodes: n }, agent, workloads).fits);
    return nodes === undefined ? [] : [{ vmSize, nodes, cores: nodes * vm.cpu }];
  });
  const [best] = fitting.sort((a, b) => a.cores - b.cores || a.nodes - b.nodes);
  if (!best) throw new Error(`no pool of up to ${MAX_NODES} nodes of ${VM_SIZES.join(", ")} has room for this load`);
  return { vmSize: best.vmSize, minCount: best.nodes, maxCount: best.nodes + 1 };
}

/** The limit is twice the request. A burst may use the difference, and the scheduler does not reserve it. */
function resources(cores: number, mib: number): ContainerResources {
  const millicores = Math.max(250, roundUp(cores * 1000, 250));
  const memory = Math.max(1024, roundUp(mib, 512));
  return {
    requests: { cpu: `${millicores}m`, memory: `${memory}Mi` },
    limits: { cpu: `${2 * millicores}m`, memory: `${2 * memory}Mi` },
  };
}

const limitCores = ({ limits }: ContainerResources): number => (parseCpu(limits.cpu ?? "") ?? 0) / 1000;

const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;

/** The table of profiles that `npm start` and docs/sizing.md show. */
export function formatProfiles(): string {
  const rows = [
    ["profile", "GB/day", "nodes", "pool", "write", "read", "backend", "disks", "caches"],
    ...Object.keys(LOADS).map((name) => {
      const { gbPerDay, nodes, pool, loki } = profile(name as ProfileName);
      const pods = ({ replicas, resources }: { replicas?: number; resources?: ContainerResources } = {}): string =>
        `${replicas} × ${resources?.requests.cpu} ${resources?.requests.memory}`;
      return [
        ...[name, `${gbPerDay}`, `${nodes}`, `${pool.minCount} to ${pool.maxCount} × ${pool.vmSize}`],
        ...[pods(loki.write), pods(loki.read), pods(loki.backend)],
        `${loki.write?.diskSizeGiB} / ${loki.backend?.diskSizeGiB} GiB`,
        `${loki.caches?.chunksMiB} / ${loki.caches?.resultsMiB} MiB`,
      ];
    }),
  ];
  return textTable(rows).join("\n");
}
