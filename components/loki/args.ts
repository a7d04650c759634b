import type { Findings } from "../findings.ts";
import { checkKnownKeys, checkNotFixed, checkNotOwned, type Values } from "../helm/mergeValues.ts";
import { type ChartSource, resolveChart } from "../helm/release.ts";
import { checkNoSecrets } from "../helm/secretsInValues.ts";
import type { LokiArgs, LokiComponentArgs, ResourcesArgs, SchemaPeriodArgs } from "../loggingStackArgs.ts";
import type { ResolvedNodePool } from "../nodePool/agentPool.ts";
import type { Workload } from "../nodePool/capacity.ts";
import { checkResources, requested } from "../quantities.ts";
import { LOKI_CHART, LOKI_CHART_KEYS } from "./chart.ts";
import { LOKI_FIXED_VALUES, LOKI_REFUSED_VALUES } from "./ownedValues.ts";
import { checkSchema, DEFAULT_SCHEMA } from "./schema.ts";

interface ResolvedComponent {
  readonly replicas: number;
  readonly resources: ResourcesArgs;
}

/** Loki with every default in place. */
export interface ResolvedLoki {
  readonly chart: ChartSource;
  readonly retentionHours: number;
  readonly replicationFactor: number;
  readonly write: ResolvedComponent & { readonly diskSizeGiB: number };
  readonly read: ResolvedComponent;
  readonly backend: ResolvedComponent & { readonly diskSizeGiB: number };
  readonly gateway: ResolvedComponent & { readonly credentialsGeneration: number };
  readonly caches: { readonly chunksMiB: number; readonly resultsMiB: number };
  readonly limits: Required<NonNullable<LokiArgs["limits"]>>;
  readonly storageClass: string;
  readonly schema: readonly SchemaPeriodArgs[];
  readonly timeoutSeconds: number;
  readonly values: Values;
}

const COMPONENT_RESOURCES: ResourcesArgs = {
  requests: { cpu: "1", memory: "2Gi" },
  limits: { cpu: "2", memory: "4Gi" },
};
const GATEWAY_RESOURCES: ResourcesArgs = { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "256Mi" } };

/** Resources of the exporters beside nginx and memcached, which the chart leaves without any. */
export const EXPORTER_RESOURCES: ResourcesArgs = {
  requests: { cpu: "10m", memory: "32Mi" },
  limits: { memory: "64Mi" },
};
/** CPU requests of the caches; the chart asks for 500m each, which they never use behind a MinIO. */
export const CACHE_CPU = { chunks: "200m", results: "100m" } as const;

/** StorageClasses that AKS brings. https://learn.microsoft.com/azure/aks/concepts-storage#storage-classes */
const AKS_STORAGE_CLASSES = [
  "default",
  "managed",
  "managed-premium",
  "managed-csi",
  "managed-csi-premium",
  "managed-csi-premium-v2",
];

/** Defaults and checks of Loki. */
export function resolveLoki(args: LokiArgs, nodePool: ResolvedNodePool, findings: Findings): ResolvedLoki {
  const component = (
    path: string,
    given: LokiComponentArgs | undefined,
    replicas: number,
    resources: ResourcesArgs,
  ) => ({
    replicas: given?.replicas ?? replicas,
    resources: checkResources(given?.resources ?? resources, `loki.${path}.resources`, findings),
  });
  const loki: ResolvedLoki = {
    chart: resolveChart(LOKI_CHART, args.chart, "loki.chart", findings),
    retentionHours: args.retentionHours ?? 336,
    replicationFactor: args.replicationFactor ?? 3,
    write: { ...component("write", args.write, 3, COMPONENT_RESOURCES), diskSizeGiB: args.write?.diskSizeGiB ?? 50 },
    read: component("read", args.read, 3, COMPONENT_RESOURCES),
    backend: {
      ...component("backend", args.backend, 2, COMPONENT_RESOURCES),
      diskSizeGiB: args.backend?.diskSizeGiB ?? 20,
    },
    gateway: {
      ...component("gateway", args.gateway, 2, GATEWAY_RESOURCES),
      credentialsGeneration: args.gateway?.credentialsGeneration ?? 1,
    },
    caches: { chunksMiB: args.caches?.chunksMiB ?? 1024, resultsMiB: args.caches?.resultsMiB ?? 256 },
    limits: {
      ingestionRateMb: args.limits?.ingestionRateMb ?? 50,
      ingestionBurstMb: args.limits?.ingestionBurstMb ?? 100,
      // Loki's default of 3 MB lets one chatty pod block its whole node's queue.
      perStreamRateMb: args.limits?.perStreamRateMb ?? 5,
      perStreamBurstMb: args.limits?.perStreamBurstMb ?? 20,
      maxStreams: args.limits?.maxStreams ?? 20_000,
    },
    storageClass: args.storage?.storageClass ?? "managed-csi-premium",
    schema: args.schema ?? DEFAULT_SCHEMA,
    timeoutSeconds: args.timeoutSeconds ?? 1800,
    values: args.values ?? {},
  };

  checkSchema(loki.schema, findings);
  checkNoSecrets(loki.values, "loki.values", findings);
  checkKnownKeys(loki.values, LOKI_CHART, LOKI_CHART_KEYS, "loki.values", findings);
  checkNotOwned(loki.values, LOKI_REFUSED_VALUES, "loki.values", findings);
  checkNotFixed(loki.values, LOKI_FIXED_VALUES, "loki.values", findings);
  findings.check(loki.retentionHours >= 24 && loki.retentionHours % 24 === 0, {
    subject: "loki.retentionHours",
    given: loki.retentionHours,
    text: "a multiple of 24, 24 or more: the compactor deletes by whole index tables of 24 h",
    fix: `write ${Math.max(24, Math.round(loki.retentionHours / 24) * 24)}`,
  });
  findings.check(loki.write.replicas >= loki.replicationFactor, {
    subject: "loki.write.replicas",
    given: loki.write.replicas,
    text: `${loki.replicationFactor} or more, the replication factor: every line is written that many times`,
    fix: "raise loki.write.replicas, or lower loki.replicationFactor",
  });
  for (const [rate, burst] of [
    ["ingestionRateMb", "ingestionBurstMb"],
    ["perStreamRateMb", "perStreamBurstMb"],
  ] as const) {
    findings.check(loki.limits[burst] >= loki.limits[rate], {
      subject: `loki.limits.${burst}`,
      given: loki.limits[burst],
      text: `not below loki.limits.${rate}, which is ${loki.limits[rate]}`,
      fix: `write ${loki.limits[rate] * 2}`,
    });
  }
  findings.check(AKS_STORAGE_CLASSES.includes(loki.storageClass) || args.storage?.customStorageClass === true, {
    subject: "loki.storage.storageClass",
    given: loki.storageClass,
    text: `one of AKS's: ${AKS_STORAGE_CLASSES.join(", ")}`,
    fix: "check the spelling, or say that the class is your own with loki.storage.customStorageClass: true",
  });
  if (nodePool.size) {
    const hosts = nodePool.size.nodes;
    for (const workload of lokiWorkloads(loki)) {
      findings.check(!workload.onePerHost || workload.replicas <= hosts, {
        subject: `loki.${workload.name}.replicas`,
        given: workload.replicas,
        text: `at most ${hosts}, the pool's largest number of nodes: ${workload.name} pods never share a host`,
        fix: `raise nodePool.${nodePool.mode === "create" ? "" : "capacity."}maxCount to ${workload.replicas} or more, or lower the replicas`,
      });
    }
  }
  return loki;
}

/** Loki's pods as the scheduler sees them. */
export function lokiWorkloads(loki: ResolvedLoki): Workload[] {
  const exporter = requested(EXPORTER_RESOURCES);
  const component = (name: "write" | "read" | "backend", disks: number): Workload => ({
    name,
    replicas: loki[name].replicas,
    ...requested(loki[name].resources),
    onePerHost: true,
    disks,
  });
  const cache = (name: string, allocatedMiB: number, cpu: string): Workload[] => {
    if (allocatedMiB === 0) return [];
    // The chart asks for 1.2 times what memcached may fill.
    const own = requested({
      requests: { cpu, memory: `${Math.floor((allocatedMiB * 12 + 5) / 10)}Mi` },
      limits: { memory: "0Mi" },
    });
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
  const gateway = requested(loki.gateway.resources);
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
  ];
}
