import { z } from "zod";
import { chartValues, count, text } from "../argumentTypes.ts";
import type { Findings } from "../findings.ts";
import { gatewayArgs } from "../gateway/args.ts";
import { checkSnippets } from "../gateway/offeredPaths.ts";
import { chartArgs, checkChart } from "../helm/chartSource.ts";
import { checkKnownKeys, keySource } from "../helm/knownKeys.ts";
import type { GivablePromise } from "../helm/promises/promise.ts";
import { checkNoSecrets } from "../helm/secretsInValues.ts";
import { checkNotFixed, checkNotOwned } from "../helm/valuesChecks.ts";
import type { PoolSize } from "../nodePool/capacity.ts";
import { checkResources, resources } from "../quantities.ts";
import { LOKI_CHART, LOKI_CHART_KEYS, LOKI_CONFIG_IN_VALUES } from "./chart.ts";
import { LOKI_FIXED_VALUES, LOKI_REFUSED_VALUES } from "./ownedValues.ts";
import { checkBlocked, queriesArgs } from "./queries.ts";
import { checkRetention, keptHours, retentionRule } from "./retention.ts";
import { checkSchema, DEFAULT_SCHEMA, schemaPeriod } from "./schema.ts";

/** StorageClasses of AKS. https://learn.microsoft.com/azure/aks/concepts-storage#storage-classes */
const AKS_STORAGE_CLASSES = [
  "default",
  "managed",
  "managed-premium",
  "managed-csi",
  "managed-csi-premium",
  "managed-csi-premium-v2",
];

const component = (replicas: number) => ({
  /**
   * Number of pods.
   * @default - write 3, read 3, backend 2
   */
  replicas: count.default(replicas),
  /**
   * Requests and limits.
   * @default { requests: { cpu: "1", memory: "2Gi" }, limits: { cpu: "2", memory: "4Gi" } }
   */
  resources: resources.default({ requests: { cpu: "1", memory: "2Gi" }, limits: { cpu: "2", memory: "4Gi" } }),
});

const statefulComponent = (replicas: number, diskSizeGiB: number) => ({
  ...component(replicas),
  /**
   * Disk of each pod, GiB. Cannot be changed in place, see `docs/operations.md`.
   * @default - write 50, backend 20
   */
  diskSizeGiB: count.default(diskSizeGiB),
});

/** Megabytes, in a range that Loki reads as a size. */
const perStreamMb = z.number().min(0.1).max(1_000_000);

/** Arguments of Grafana Loki, SimpleScalable. */
export const lokiArgs = z.strictObject({
  /** Where the chart comes from. The project pins the version. */
  chart: chartArgs.prefault({}),
  /**
   * How long lines are kept, hours, a multiple of 24. Not retroactive. Space is freed about two days later.
   * https://grafana.com/docs/loki/latest/operations/storage/retention/
   * @default 336
   */
  retentionHours: keptHours.default(336),
  /**
   * How long the lines of some namespaces or containers are kept instead. A level cannot be chosen: it is not a label of a stream.
   * https://grafana.com/docs/loki/latest/operations/storage/retention/
   * @default []
   */
  retention: z.array(retentionRule).default([]),
  /**
   * Copies of each line among the write pods.
   * @default 3
   */
  replicationFactor: count.default(3),
  /** Accepts lines. */
  write: z.strictObject(statefulComponent(3, 50)).prefault({}),
  /** Answers queries. */
  read: z.strictObject(component(3)).prefault({}),
  /** Compacts, deletes, schedules queries, serves the index. */
  backend: z.strictObject(statefulComponent(2, 20)).prefault({}),
  /** The entry point in front of the other components: nginx with basic auth. */
  gateway: gatewayArgs.prefault({}),
  /**
   * Runs a canary: one pod that writes a line per second to its standard output, and reads it back through the gateway. Alerts and
   * `npm run verify` read its metrics. https://grafana.com/docs/loki/latest/operations/loki-canary/
   * @default true
   */
  canary: z.boolean().default(true),
  /** Memcached in front of MinIO. */
  caches: z
    .strictObject({
      /**
       * Chunks cache, MiB; 0 leaves it out. The pod requests 1.2 times as much.
       * @default 1024
       */
      chunksMiB: z.int().min(0).default(1024),
      /**
       * Results cache, MiB; 0 leaves it out. The pod requests 1.2 times as much.
       * @default 256
       */
      resultsMiB: z.int().min(0).default(256),
    })
    .prefault({}),
  /** What the cluster, Loki's only tenant, may send and query. Limits, not a capacity. https://grafana.com/docs/loki/latest/configure/#limits_config */
  limits: z
    .strictObject({
      /**
       * Accepted per second in the whole cluster, MB: a limit, not a capacity. Above it, Loki answers 429 and Alloy tries again.
       * @default 50
       */
      ingestionRateMb: z.number().positive().default(50),
      /**
       * Accepted at once, MB, not below the rate: a limit, not a capacity.
       * @default 100
       */
      ingestionBurstMb: z.number().positive().default(100),
      /**
       * Accepted per second and stream, MB. A stream is a container on a node. Above it, Loki answers 429, and Alloy tries again: what the
       * container shares with others is its group in Alloy, a sixteenth of the node's pods, which wait with it.
       * @default 5
       */
      // It bounds what a container that floods costs. Alloy reads about 7 MB/s with one core, so a limit above that never bites.
      perStreamRateMb: perStreamMb.default(5),
      /**
       * Accepted at once per stream, MB; not below the rate.
       * @default 20
       */
      perStreamBurstMb: perStreamMb.default(20),
      /**
       * Active streams in the cluster.
       * @default 20000
       */
      maxStreams: count.default(20_000),
    })
    .prefault({}),
  /** Guard rails for readers: one query must not take Loki from everyone else. https://grafana.com/docs/loki/latest/configure/#limits_config */
  queries: queriesArgs.prefault({}),
  /** Disks of write and backend. */
  storage: z
    .strictObject({
      /**
       * StorageClass of the disks. Cannot be changed in place.
       * https://learn.microsoft.com/azure/aks/concepts-storage#storage-classes
       * @default "managed-csi-premium"
       */
      storageClass: text.default("managed-csi-premium"),
      /**
       * Accepts a `storageClass` that AKS does not have.
       * @default false
       */
      customStorageClass: z.boolean().default(false),
    })
    .prefault({}),
  /**
   * Index schema periods. Append only: a new period starts in the future. A change to an old one makes its data unreadable.
   * https://grafana.com/docs/loki/latest/operations/storage/schema/
   * @default [{ from: "2025-01-01" }]
   */
  schema: z.array(schemaPeriod).default(DEFAULT_SCHEMA),
  /**
   * How long Helm waits for Loki to become ready, seconds.
   * @default 1800
   */
  timeoutSeconds: count.default(1800),
  /**
   * Escape hatch: chart values, deep-merged over the stack's own. Entries of a list are added to the stack's, or merged into the one with
   * the same name. A value that breaks a promise of the stack is refused (`docs/escape-hatches.md`).
   * https://github.com/grafana-community/helm-charts
   * @default {}
   */
  values: chartValues.default({}),
});

/** Loki with every default filled in. */
export type Loki = z.output<typeof lokiArgs>;

/** Checks of Loki that need more than one value. */
export function checkLoki(loki: Loki, givenUp: readonly GivablePromise[], findings: Findings): void {
  findings.within("loki.chart", () => checkChart(LOKI_CHART, loki.chart, "loki.chart", findings));
  for (const name of ["write", "read", "backend", "gateway"] as const) {
    const path = `loki.${name}.resources`;
    findings.within(path, () => checkResources(loki[name].resources, path, findings));
  }
  findings.when(["loki.schema"], () => checkSchema(loki.schema, findings));
  findings.when(["loki.retention", "loki.values"], () => checkRetention(loki.retention, loki.values, findings));
  findings.when(["loki.values"], () => {
    checkNoSecrets(loki.values, "loki.values", findings);
    checkKnownKeys(loki.values, LOKI_CHART_KEYS, keySource(LOKI_CHART), "loki.values", findings);
    checkKnownKeys(loki.values, LOKI_CONFIG_IN_VALUES, LOKI_CONFIG_SOURCE, "loki.values", findings);
    checkNotOwned(loki.values, LOKI_REFUSED_VALUES, "loki.values", findings);
    checkNotFixed(loki.values, LOKI_FIXED_VALUES, givenUp, "loki.values", findings);
    checkSnippets(loki.values, "loki.values", findings);
  });
  findings.when(["loki.write.replicas", "loki.replicationFactor"], () => {
    findings.check(loki.write.replicas >= loki.replicationFactor, {
      subject: "loki.write.replicas",
      given: loki.write.replicas,
      text: `${loki.replicationFactor} or more, the replication factor: every line is written that many times`,
      fix: "raise loki.write.replicas, or lower loki.replicationFactor",
    });
  });
  findings.when(["loki.queries.blocked"], () => checkBlocked(loki.queries.blocked, findings));
  checkBurst("ingestionRateMb", "ingestionBurstMb", loki, findings);
  checkBurst("perStreamRateMb", "perStreamBurstMb", loki, findings);
  findings.when(["loki.storage"], () => {
    const { storageClass, customStorageClass } = loki.storage;
    findings.check(AKS_STORAGE_CLASSES.includes(storageClass) || customStorageClass, {
      subject: "loki.storage.storageClass",
      given: storageClass,
      text: `one of AKS's: ${AKS_STORAGE_CLASSES.join(", ")}`,
      fix: "check the spelling, or accept your class with loki.storage.customStorageClass: true",
    });
  });
}

const LOKI_CONFIG_SOURCE = {
  owner: `Loki ${LOKI_CHART.appVersion}, which would not start with this one`,
  help: "https://grafana.com/docs/loki/latest/configure/",
};

type Limit = keyof Loki["limits"];

function checkBurst(rate: Limit, burst: Limit, { limits }: Loki, findings: Findings): void {
  findings.when([`loki.limits.${rate}`, `loki.limits.${burst}`], () => {
    findings.check(limits[burst] >= limits[rate], {
      subject: `loki.limits.${burst}`,
      given: limits[burst],
      text: `not below loki.limits.${rate}, which is ${limits[rate]}`,
      fix: `write ${limits[rate] * 2}`,
    });
  });
}

/** Checks that each pod of a component gets its own host. */
export function checkHosts(loki: Loki, { nodes }: PoolSize, maxCount: string, findings: Findings): void {
  for (const name of ["write", "read", "backend", "gateway"] as const) {
    const subject = `loki.${name}.replicas`;
    findings.when([subject], () => {
      const { replicas } = loki[name];
      findings.check(replicas <= nodes, {
        subject,
        given: replicas,
        text: `at most ${nodes}, the pool's largest number of nodes: ${name} pods never share a host`,
        fix: `raise ${maxCount} to ${replicas} or more, or lower the replicas`,
      });
    });
  }
}
