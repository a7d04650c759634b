import type { ResolvedArgs } from "../args.ts";
import type { Values } from "../helm/mergeValues.ts";
import { STORAGE_ENV } from "../objectStorage/credentials.ts";
import { memoryLimit } from "../quantities.ts";
import { CHUNK_MIB } from "./chunk.ts";
import { TENANT } from "./effectiveConfig.ts";
import { queryLimits, queryQueue } from "./queries.ts";
import { CA_MOUNT, type LokiReferences } from "./references.ts";
import { retentionStreams } from "./retention.ts";
import { lokiPeriods } from "./schema.ts";

/** The values' `loki:` section, which the chart turns into Loki's own config. https://grafana.com/docs/loki/latest/configure/ */
export const lokiConfig = (args: ResolvedArgs, refs: LokiReferences): Values => ({
  // One tenant, the cluster. The gateway asks for a password instead.
  auth_enabled: false,
  commonConfig: { path_prefix: "/var/loki", replication_factor: args.loki.replicationFactor },
  // Without the label, two clusters that can reach each other and reuse pod addresses would merge their rings.
  extraMemberlistConfig: { cluster_label: args.cluster.name },
  storage: storage(args, refs),
  schemaConfig: { configs: lokiPeriods(args.loki.schema) },
  // No second and third request for a slow object: they would add load to a MinIO that many clusters share.
  storage_config: { hedging: { at: "0s" } },
  compactor: {
    working_directory: "/var/loki/compactor",
    retention_enabled: true,
    delete_request_store: "s3",
    retention_delete_delay: "2h",
    compaction_interval: "10m",
    // Keeps the list of chunks to delete in MinIO. By default it is on the disk of the backend that compacts. When the other backend takes
    // over, as after any roll-out, the index has forgotten these chunks and nothing deletes them (grafana/loki#11119).
    deletion_marker_object_store_prefix: "markers/",
  },
  limits_config: FIXED_LIMITS,
  // Loki reads this file every ten seconds, so that another limit restarts no pod. https://grafana.com/docs/loki/latest/configure/#runtime-configuration-file
  runtimeConfig: { overrides: { [TENANT]: tunedLimits(args) } },
  ingester: ingester(args),
  // Readers ask the writers for lines of this age too. With Loki's 3h, lines that a writer keeps during an outage of MinIO would exist and
  // not be found.
  querier: { query_ingesters_within: "6h" },
  query_scheduler: queryQueue(args.loki.queries),
  // Usage reporting reads its own marker object from the bucket every few minutes, and reports to Grafana Labs.
  analytics: { reporting_enabled: false },
});

const storage = ({ objectStorage }: ResolvedArgs, refs: LokiReferences): Values => ({
  type: "s3",
  bucketNames: { chunks: objectStorage.bucket },
  s3: {
    endpoint: objectStorage.endpoint,
    region: objectStorage.region,
    // Loki expands these from its environment; the chart always passes -config.expand-env.
    accessKeyId: `\${${STORAGE_ENV.accessKey}}`,
    secretAccessKey: `\${${STORAGE_ENV.secretKey}}`,
    s3ForcePathStyle: objectStorage.pathStyle,
    // Means plain HTTP, not "do not verify".
    insecure: !objectStorage.tls,
    ...(refs.caConfigMap && { http_config: { ca_file: `${CA_MOUNT}/ca.crt` } }),
  },
});

/**
 * The limits that are arguments. Loki 3.7.6 reads none of them only at its start. Another key needs a look at Loki's source first.
 * - The compactor asks for the retention before it marks each table (`compactor/retention/expiration.go`).
 * - Distributors ask for the rate every ten seconds, and writers for that of a stream (`distributor/distributor.go`, `ingester/stream.go`).
 * - Writers ask for the number of streams with each new stream (`ingester/limiter.go`).
 * - Readers ask for the others with each query (`querier/queryrange/limits.go`, `logql/blocker.go`), and backends for `volume_max_series`
 *   (`indexshipper/tsdb/index_client.go`).
 */
const tunedLimits = ({ loki }: ResolvedArgs): Values => ({
  retention_period: `${loki.retentionHours}h`,
  ...(loki.retention.length > 0 && { retention_stream: retentionStreams(loki.retention) }),
  ...queryLimits(loki),
  ingestion_rate_mb: loki.limits.ingestionRateMb,
  ingestion_burst_size_mb: loki.limits.ingestionBurstMb,
  per_stream_rate_limit: `${loki.limits.perStreamRateMb}MB`,
  per_stream_rate_limit_burst: `${loki.limits.perStreamBurstMb}MB`,
  max_global_streams_per_user: loki.limits.maxStreams,
});

/** Limits that every stack has. */
const FIXED_LIMITS: Values = {
  allow_structured_metadata: true,
  // Loki's default. The chart has 15m: 96 requests for a day, each of which unpacks the blocks at both of its ends. They read up to 2.6 times the
  // lines that there are, and with 1h 1.2 times, for half of the readers' CPU (bench/results/pipeline.md).
  split_queries_by_interval: "1h",
  // A quarter of Loki's default, so that several readers still share an hour of many lines. A request costs 1 to 2 ms.
  tsdb_max_bytes_per_shard: "150MB",
  // Who logs how much: npm run usage asks for one volume for each container.
  volume_enabled: true,
  // Refused lines are lost: Alloy does not resend a batch that got a 400.
  max_line_size_truncate: true,
  reject_old_samples: true,
  reject_old_samples_max_age: "168h",
  // A node's clock may be ahead. With Loki's 10m, its lines would be refused.
  creation_grace_period: "24h",
  // Index labels and structured metadata of what Alloy sends. A line's own attributes, stream, level and workload, become structured
  // metadata. One is a label: the name that lines from before an upgrade had.
  otlp_config: {
    resource_attributes: {
      ignore_defaults: true,
      attributes_config: [
        { action: "index_label", attributes: ["cluster", "env", "node", "namespace", "container", "service.name"] },
        { action: "structured_metadata", attributes: ["pod", "pod_uid"] },
      ],
    },
    log_attributes: [{ action: "index_label", attributes: ["service_name"] }],
  },
  // Without time sharding an ingester refuses lines that are half of max_chunk_age older than the newest line of their stream: the replay
  // after a long outage. A line that is sent again must go to the same stream, or it is shown twice. So only its own time may decide the
  // stream: not its age when it arrives (by default the newest 40 minutes are not sharded), and not the rate of its stream (sharding by
  // rate is off).
  shard_streams: { enabled: false, time_sharding_enabled: true, time_sharding_ignore_recent: "0s" },
  // Otherwise everyone who reaches the gateway could delete logs.
  deletion_mode: "disabled",
};

const ingester = ({ loki }: ResolvedArgs): Values => ({
  // Queries need a seventh to a third less CPU than with gzip, the default, the writers as much, and 1 % fewer bytes are stored. Snappy stores
  // half as much again (bench/results/pipeline.md). Blocks of 1 MiB in chunks of 4 MiB save another 1 %, for a third more memory in the writers
  // (pipeline-compared.md).
  chunk_encoding: "zstd",
  chunk_target_size: CHUNK_MIB * 2 ** 20,
  // A time shard lasts half of it, and every stream's chunk is cut at that interval. With this and `sync_period`, Loki makes 460 requests
  // to MinIO per GB. The seed's values made 1430 (bench/results/pipeline.md), and Loki's default of 2h about a thousand.
  max_chunk_age: "4h",
  // By default a chunk is also cut in the middle of each hour, so that all writers cut at the same time. Time sharding already does that.
  sync_period: "0s",
  // A dead member of the ring would block writes until a person removes it.
  autoforget_unhealthy: true,
  wal: {
    enabled: true,
    dir: "/var/loki/wal",
    flush_on_shutdown: true,
    // Three quarters of the limit. With Loki's default of 4GB, the pod would be killed for its memory during each replay.
    replay_memory_ceiling: `${Math.floor(memoryLimit(loki.write.resources) * 0.75)}MB`,
  },
});
