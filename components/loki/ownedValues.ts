import type { FixedValue } from "../helm/valuesChecks.ts";
import { TENANT } from "./effectiveConfig.ts";

/** The limits that are arguments. */
const TUNED_LIMITS = `loki.runtimeConfig.overrides.${TENANT}.`;

/** Values of the Loki chart that an argument sets, with that argument. The escape hatch must not set them. */
export const LOKI_OWNED_VALUES: Readonly<Record<string, string>> = {
  "write.replicas": "loki.write.replicas",
  "write.resources": "loki.write.resources",
  "write.persistence.size": "loki.write.diskSizeGiB",
  "write.persistence.storageClass": "loki.storage.storageClass",
  "read.replicas": "loki.read.replicas",
  "read.resources": "loki.read.resources",
  "backend.replicas": "loki.backend.replicas",
  "backend.resources": "loki.backend.resources",
  "backend.persistence.size": "loki.backend.diskSizeGiB",
  "backend.persistence.storageClass": "loki.storage.storageClass",
  "gateway.replicas": "loki.gateway.replicas",
  "gateway.resources": "loki.gateway.resources",
  "gateway.basicAuth": "loki.gateway.credentialsGeneration",
  "gateway.nodeSelector": "nodePool.label",
  "gateway.tolerations": "nodePool.taint",
  "defaults.nodeSelector": "nodePool.label",
  "defaults.tolerations": "nodePool.taint",
  "global.imageRegistry": "images.registry",
  imagePullSecrets: "images.pullSecrets",
  "chunksCache.enabled": "loki.caches.chunksMiB",
  "lokiCanary.enabled": "loki.canary",
  "chunksCache.allocatedMemory": "loki.caches.chunksMiB",
  "resultsCache.enabled": "loki.caches.resultsMiB",
  "resultsCache.allocatedMemory": "loki.caches.resultsMiB",
  "loki.commonConfig.replication_factor": "loki.replicationFactor",
  "loki.schemaConfig": "loki.schema",
  "loki.storage.bucketNames": "objectStorage.bucket",
  "loki.storage.s3.endpoint": "objectStorage.endpoint",
  "loki.storage.s3.region": "objectStorage.region",
  "loki.storage.s3.s3ForcePathStyle": "objectStorage.pathStyle",
  "loki.storage.s3.insecure": "objectStorage.endpoint",
  [`${TUNED_LIMITS}retention_period`]: "loki.retentionHours",
  [`${TUNED_LIMITS}ingestion_rate_mb`]: "loki.limits.ingestionRateMb",
  [`${TUNED_LIMITS}ingestion_burst_size_mb`]: "loki.limits.ingestionBurstMb",
  [`${TUNED_LIMITS}per_stream_rate_limit`]: "loki.limits.perStreamRateMb",
  [`${TUNED_LIMITS}per_stream_rate_limit_burst`]: "loki.limits.perStreamBurstMb",
  [`${TUNED_LIMITS}max_global_streams_per_user`]: "loki.limits.maxStreams",
  [`${TUNED_LIMITS}query_timeout`]: "loki.queries.timeoutSeconds",
  [`${TUNED_LIMITS}max_query_bytes_read`]: "loki.queries.maxReadGb",
  [`${TUNED_LIMITS}max_query_series`]: "loki.queries.maxSeries",
  [`${TUNED_LIMITS}max_entries_limit_per_query`]: "loki.queries.maxEntries",
  "loki.query_scheduler.max_outstanding_requests_per_tenant": "loki.queries.maxQueued",
};

/** Chart values, and the section of Loki's own config that each becomes. `loki.structuredConfig` is merged over that section. */
const SECTIONS = [
  ["loki.commonConfig", "loki.structuredConfig.common"],
  ["loki.schemaConfig", "loki.structuredConfig.schema_config"],
  ["loki.query_scheduler", "loki.structuredConfig.query_scheduler"],
] as const;

const inLokisConfig = (valuePath: string): string =>
  SECTIONS.reduce((path, [value, section]) => path.replace(value, section), valuePath);

/** Where else a limit can be written. */
const OTHER_LIMITS = ["loki.limits_config.", "loki.structuredConfig.limits_config."];

/** These values and every other way around an argument. With one of them, Loki would run with something else than the argument. */
export const LOKI_REFUSED_VALUES: Readonly<Record<string, string>> = {
  ...LOKI_OWNED_VALUES,
  ...Object.fromEntries(Object.entries(LOKI_OWNED_VALUES).map(([path, argument]) => [inLokisConfig(path), argument])),
  ...Object.fromEntries(
    Object.entries(LOKI_OWNED_VALUES)
      .filter(([path]) => path.startsWith(TUNED_LIMITS))
      .flatMap(([path, argument]) => OTHER_LIMITS.map((limits) => [path.replace(TUNED_LIMITS, limits), argument])),
  ),
  // Absent from the stack's values unless a query is blocked.
  ...Object.fromEntries(
    [TUNED_LIMITS, ...OTHER_LIMITS].map((limits) => [`${limits}blocked_queries`, "loki.queries.blocked"]),
  ),
  "loki.structuredConfig.common.storage": "objectStorage",
  "loki.structuredConfig.storage_config.aws": "objectStorage",
  "loki.storage_config.aws": "objectStorage",
};

/** Values that must not change at all. */
export const LOKI_FIXED_VALUES: readonly FixedValue[] = [
  { path: "deploymentMode", reason: "the stack deploys, sizes and checks write, read and backend" },
  { path: "loki.config", reason: "it would replace all of Loki's config, including schema and retention" },
  ...["loki.limits_config", "loki.structuredConfig.limits_config", `loki.runtimeConfig.overrides.${TENANT}`].map(
    (limits): FixedValue => ({
      path: `${limits}.deletion_mode`,
      reason: "everyone who reaches the gateway could delete logs",
      promise: "deletion",
    }),
  ),
  ...Object.entries({
    ...{ fullnameOverride: "", nameOverride: "", namespaceOverride: "" },
    ...{ "gateway.service.port": 80, "gateway.containerPort": 8080 },
  }).map(
    ([path, only]): FixedValue => ({
      path,
      only,
      reason: "Alloy, Grafana, the NetworkPolicies and the outputs use the stack's names and ports",
    }),
  ),
  {
    path: "gateway.enabled",
    only: true,
    reason: "Alloy and Grafana reach Loki through the gateway alone, which asks for the password",
  },
  { path: "gateway.nginxConfig.file", reason: "it would replace the password and the list of paths" },
  ...["ingress.enabled", "route.enabled"].map(
    (path): FixedValue => ({
      path,
      only: false,
      reason: "it leads to Loki past the gateway's password; gateway.ingress leads to the gateway",
    }),
  ),
];
