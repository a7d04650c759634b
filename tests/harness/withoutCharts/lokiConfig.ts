import { mergeValues } from "../../../components/helm/mergeValues.ts";
import type { Loose } from "../manifest.ts";
import { type ChartRelease, coalesce, expand, filled, isEmpty } from "./chartValues.ts";

/** Sections of Loki's config that the chart copies from `loki:` in the values. */
export const SAME_IN_VALUES = [
  ...["server", "pattern_ingester", "ingester", "ingester_client", "block_builder", "limits_config", "query_scheduler"],
  ...["compactor", "compactor_grpc_client", "analytics", "querier", "index_gateway", "frontend", "frontend_worker"],
  ...["distributor", "bloom_build", "bloom_gateway", "operational_config"],
] as const;

/** Values of S3 that have a different name in Loki's config. */
const S3_NAMES: Readonly<Record<string, string>> = {
  s3ForcePathStyle: "s3forcepathstyle",
  secretAccessKey: "secret_access_key",
  accessKeyId: "access_key_id",
  signatureVersion: "signature_version",
};

/** Names and addresses of Services, for templates in the values. */
export const lokiNames = ({ name, namespace, values }: ChartRelease) => {
  const { global, loki, memberlist } = values;
  const host = (service: string): string => `${service}.${namespace}.svc.${global.clusterDomain}`;
  const grpc = (service: string): string => `${host(service)}:${loki.server.grpc_listen_port}`;
  const cache = (part: string): string => `${name}-${part}`;
  return {
    host,
    memberlist: memberlist.service.name ?? `${name}-memberlist`,
    /** The results of the chart's named templates for write, read and backend. */
    templates: {
      'include "loki.name" .': name,
      'include "loki.namespace" $': namespace,
      'include "loki.compactorAddress" .': grpc(`${name}-backend`),
      'include "loki.indexGatewayAddress" .': `dns+${grpc(`${name}-backend-headless`)}`,
      'include "loki.bloomPlannerAddress" .': grpc(`${name}-backend-headless`),
      'include "loki.bloomGatewayAddresses" .': `dnssrvnoa+_grpc._tcp.${host(`${name}-backend-headless`)}`,
      // Set only if they are separate Deployments.
      'include "loki.querySchedulerAddress" .': "",
      'include "loki.querierAddress" .': "",
      'include "loki.resourceName" (dict "ctx" $ "component" "chunks-cache" "suffix" $.Values.chunksCache.suffix )':
        cache("chunks-cache"),
      'include "loki.resourceName" (dict "ctx" $ "component" "results-cache")': cache("results-cache"),
    } as Readonly<Record<string, string>>,
  };
};

/** Loki's config, built from the values like the chart's `loki.config`. */
export function lokiConfig(release: ChartRelease): Loose {
  const { loki, chunksCache, resultsCache, ruler, tableManager } = release.values;
  if (ruler.enabled || tableManager.retention_deletes_enabled || loki.useTestSchema || chunksCache.l2.enabled)
    throw new Error("without charts there is no ruler, table manager, test schema or second cache");
  const { host, memberlist, templates } = lokiNames(release);
  const config = {
    ...filled(Object.fromEntries(SAME_IN_VALUES.map((section) => [section, loki[section]]))),
    auth_enabled: loki.auth_enabled,
    memberlist: coalesce(loki.memberlistConfig, { ...loki.extraMemberlistConfig, join_members: [host(memberlist)] }),
    common: { ...loki.commonConfig, storage: commonStorage(loki.storage) },
    runtime_config: { file: "/etc/loki/runtime-config/runtime-config.yaml" },
    ...(chunksCache.enabled && { chunk_store_config: { chunk_cache_config: chunksCacheConfig(chunksCache) } }),
    schema_config: loki.schemaConfig,
    query_range: {
      align_queries_with_step: true,
      ...loki.query_range,
      ...(resultsCache.enabled && { cache_results: true, results_cache: { cache: resultsCacheConfig(resultsCache) } }),
    },
    storage_config: { use_thanos_objstore: loki.storage.use_thanos_objstore, ...loki.storage_config },
    tracing: { enabled: loki.tracing.enabled },
    ...(loki.ui.enabled && { ui: { enabled: true } }),
  };
  return expand(mergeValues(config, loki.structuredConfig), release, templates);
}

function commonStorage({ type, bucketNames, s3, use_thanos_objstore }: Loose): Loose {
  if (type !== "s3" || use_thanos_objstore) throw new Error(`without charts there is only S3 by Loki's own client`);
  const named = Object.entries(s3).map(([key, value]) => [S3_NAMES[key] ?? key, value] as const);
  const always = ["s3forcepathstyle", "insecure"];
  // The chart leaves out what is not set, except for two switches.
  const said = named.filter(([key, value]) => always.includes(key) || !isEmpty(value));
  return { s3: { ...Object.fromEntries(said), bucketnames: bucketNames.chunks } };
}

const cacheConfig = (cache: Loose, client: Loose): Loose => ({
  default_validity: cache.defaultValidity,
  background: {
    writeback_goroutines: cache.writebackParallelism,
    writeback_buffer: cache.writebackBuffer,
    writeback_size_limit: cache.writebackSizeLimit,
  },
  memcached_client: { addresses: cache.addresses, consistent_hash: true, timeout: cache.timeout, ...client },
});

const chunksCacheConfig = (cache: Loose): Loose => ({
  ...cacheConfig(cache, { max_idle_conns: 72 }),
  memcached: { batch_size: cache.batchSize, parallelism: cache.parallelism },
});

const resultsCacheConfig = (cache: Loose): Loose => cacheConfig(cache, { update_interval: "1m" });
