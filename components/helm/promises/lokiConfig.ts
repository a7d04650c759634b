import { isDeepStrictEqual } from "node:util";
import { hoursOf } from "../../loki/durations.ts";
import { type EffectiveConfig, effectiveConfig, TENANT } from "../../loki/effectiveConfig.ts";
import type { Fields } from "../manifest.ts";
import { isMap } from "../mergeValues.ts";
import { shown } from "./objects.ts";
import type { Breach, PromiseName, Sides } from "./promise.ts";

/** Settings that a promise holds, by their path in Loki's config. Everything below a path belongs to it. */
interface Held {
  readonly promise: PromiseName;
  readonly paths: readonly string[];
  readonly fix: string;
  /** Whether a value keeps the promise although it is another one. */
  readonly keeps?: (own: unknown, given: unknown) => boolean;
}

const REMOVE = "remove it";

/** A longer duration, or a larger number. Zero and nothing stand for no limit. */
const notLess = (own: unknown, given: unknown): boolean => {
  const size = (value: unknown): number => {
    const number = typeof value === "number" ? value : hoursOf(value);
    return value === undefined || value === null || number === 0 ? Infinity : (number ?? Number.NaN);
  };
  return size(given) >= size(own);
};

/** https://grafana.com/docs/loki/latest/configure/ */
const HELD_CONFIG: readonly Held[] = [
  {
    promise: "bucket",
    paths: [
      "auth_enabled",
      "schema_config",
      "common.storage",
      "common.path_prefix",
      "storage_config.aws",
      "storage_config.azure",
      "storage_config.gcs",
      "storage_config.swift",
      "storage_config.cos",
      "storage_config.bos",
      "storage_config.alibabacloud",
      "storage_config.filesystem",
      "storage_config.object_store",
      "storage_config.use_thanos_objstore",
      "storage_config.named_stores",
      "storage_config.object_prefix",
    ],
    fix: "objectStorage sets the bucket, loki.schema the schema; the cluster is Loki's only tenant",
  },
  {
    promise: "durability",
    paths: [
      "common.replication_factor",
      "common.ring",
      "common.instance_addr",
      "common.instance_interface_names",
      "ingester.wal.enabled",
      "ingester.wal.dir",
      "ingester.wal.flush_on_shutdown",
      "ingester.wal.checkpoint_duration",
      "ingester.lifecycler",
      "ingester.autoforget_unhealthy",
      "ingester.flush_op_timeout",
      "ingester.kafka_ingestion",
      "distributor",
      "target",
      "kafka_config",
      "ingester_rf1",
      "memberlist.cluster_label",
      "memberlist.cluster_label_verification_disabled",
      "memberlist.join_members",
      "memberlist.bind_port",
      "memberlist.advertise_port",
    ],
    fix: "loki.replicationFactor and loki.write set how many copies there are; leave the ring and the write-ahead log as they are",
  },
  {
    promise: "retention",
    paths: [
      "compactor.retention_enabled",
      "compactor.delete_request_store",
      "compactor.delete_request_store_key_prefix",
      "compactor.delete_request_store_db_type",
      "compactor.deletion_marker_object_store_prefix",
      "compactor.working_directory",
      "compactor.retention_table_timeout",
      "compactor.horizontal_scaling_mode",
      "compactor.compactor_ring",
      "table_manager",
    ],
    fix: "loki.retentionHours sets how long lines are kept",
  },
  {
    promise: "addresses",
    paths: [
      "server.http_listen_port",
      "server.http_listen_address",
      "server.http_listen_network",
      "server.grpc_listen_port",
      "server.grpc_listen_address",
      "server.http_path_prefix",
      "server.http_tls_config",
      "server.grpc_tls_config",
      "server.register_instrumentation",
      "http_prefix",
      "internal_server",
      "common.compactor_grpc_address",
      "common.compactor_address",
      "frontend.scheduler_address",
      "frontend.downstream_url",
      "frontend_worker",
      "runtime_config",
    ],
    fix: "remove it: the gateway, the probes and the other parts of Loki use the chart's addresses and files",
  },
  {
    promise: "reading",
    paths: [
      "querier.query_store_only",
      "querier.query_ingester_only",
      "querier.query_partition_ingesters",
      "querier.multi_tenant_queries_enabled",
    ],
    fix: REMOVE,
  },
  {
    promise: "reading",
    paths: ["querier.query_ingesters_within"],
    fix: "write the stack's value, or a longer time",
    keeps: notLess,
  },
];

const HELD_LIMITS: readonly Held[] = [
  { promise: "retention", paths: ["retention_period"], fix: "set loki.retentionHours" },
  {
    promise: "deletion",
    paths: ["deletion_mode", "allow_deletes"],
    fix: "remove it; or promisesGivenUp: [deletion]",
  },
  { promise: "reading", paths: ["max_query_lookback"], fix: "set loki.retentionHours", keeps: notLess },
  { promise: "reading", paths: ["blocked_queries", "required_labels", "minimum_labels_number"], fix: REMOVE },
  {
    promise: "acceptance",
    paths: [
      "ingestion_rate_mb",
      "ingestion_burst_size_mb",
      "ingestion_rate_strategy",
      "per_stream_rate_limit",
      "per_stream_rate_limit_burst",
      "max_global_streams_per_user",
    ],
    fix: "loki.limits sets what Loki accepts; or promisesGivenUp: [acceptance]",
  },
  {
    promise: "acceptance",
    paths: ["reject_old_samples", "reject_old_samples_max_age"],
    fix: "keep the stack's value, or a longer time; or promisesGivenUp: [acceptance]",
    keeps: (own, given) => (own === true ? given === false : notLess(own, given)),
  },
  {
    promise: "acceptance",
    paths: [
      "max_line_size_truncate",
      "shard_streams",
      "allow_structured_metadata",
      "max_streams_per_user",
      "block_ingestion_until",
      "block_ingestion_policy_until",
      "block_ingestion_status_code",
      "enforced_labels",
      "policy_enforced_labels",
      "policy_stream_mapping",
      "policy_override_limits",
      "unordered_writes",
      "ingestion_partitions_tenant_shard_size",
      "increment_duplicate_timestamp",
      "per_tenant_override_config",
    ],
    fix: "remove it; or promisesGivenUp: [acceptance]",
  },
];

/** Loki's own limits, for those that the stack does not set. A lower one refuses or cuts lines that Loki accepts as a whole by default. */
const DEFAULT_LIMITS: Readonly<Record<string, number | string>> = {
  max_label_names_per_series: 15,
  max_label_name_length: 1024,
  max_label_value_length: 2048,
  max_structured_metadata_entries_count: 128,
  max_structured_metadata_size: "64KB",
  max_line_size: "256KB",
};

/** A number, or bytes: `256KB`. */
function amountOf(limit: unknown): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([KMG]?)i?B?$/i.exec(String(limit)) ?? [];
  return Number(number ?? Number.NaN) * 1024 ** " KMG".indexOf(unit.toUpperCase() || " ");
}

/** Loki's effective config, with the overrides of its runtime config, keeps what the arguments say. */
export function lokiConfig({ own, given }: Sides): Breach[] {
  const [before, now] = [effectiveConfig(own), effectiveConfig(given)];
  if (!before) return [];
  if (!now)
    return [
      {
        promise: "bucket",
        object: before.object,
        text: "has no config.yaml that can be read",
        fix: "set sections of Loki's config below loki.values.loki, and leave loki.values.loki.config out",
      },
    ];
  const breaches = (held: readonly Held[], a: Fields, b: Fields, where: string): Breach[] =>
    held.flatMap(({ promise, paths, fix, keeps = isDeepStrictEqual }) =>
      paths.flatMap((path): Breach[] => {
        const [old, value] = [valueAt(a, path), valueAt(b, path)];
        if (isDeepStrictEqual(old, value) || (old === undefined && isDefault(path, value)) || keeps(old, value))
          return [];
        const differs = firstDifference(old, value, path);
        return [{ promise, object: now.object, text: `${where}${differs}`, fix }];
      }),
    );
  return [
    ...breaches(HELD_CONFIG, before.config, now.config, ""),
    ...breaches(HELD_LIMITS, before.limits, now.limits, "limits_config."),
    ...lowered(now),
    ...runtimeBreaches(now),
  ];
}

/** Settings of the lists above that are on by default. All others are off, empty or zero. */
const ON_BY_DEFAULT = ["server.register_instrumentation", "unordered_writes"];

const isDefault = (path: string, value: unknown): boolean =>
  ON_BY_DEFAULT.includes(path)
    ? value === true
    : [undefined, null, false, 0, "", "0", "0s"].includes(value as null) ||
      isDeepStrictEqual(value, []) ||
      (isMap(value) && Object.keys(value).length === 0);

const valueAt = (values: Fields, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), values);

/** The first leaf in which two values differ, with both of them. A key of storage is never shown. */
function firstDifference(own: unknown, given: unknown, path: string): string {
  if (isMap(own) && isMap(given)) {
    const key = [...new Set([...Object.keys(own), ...Object.keys(given)])].find(
      (name) => !isDeepStrictEqual(own[name], given[name]),
    );
    if (key !== undefined) return firstDifference(own[key], given[key], `${path}.${key}`);
  }
  if (/secret|password|key/i.test(path)) return `${path} is another one`;
  return `${path} is ${shown(given)} instead of ${shown(own)}`;
}

const lowered = ({ limits, object }: EffectiveConfig): Breach[] =>
  Object.entries(DEFAULT_LIMITS)
    .filter(([limit, least]) => amountOf(limits[limit]) > 0 && amountOf(limits[limit]) < amountOf(least))
    .map(([limit, least]) => ({
      promise: "acceptance" as const,
      object,
      text: `limits_config.${limit} is ${limits[limit]}: Loki refuses or cuts lines that it takes with its default of ${least}`,
      fix: `write ${least} or more; or promisesGivenUp: [acceptance]`,
    }));

/** The runtime config may override limits of the tenant, which are checked as such, and nothing else. */
function runtimeBreaches({ runtime, runtimeIsMap, object }: EffectiveConfig): Breach[] {
  const fix = `write a map: overrides, then the tenant ${TENANT}, then its limits`;
  if (!runtimeIsMap) return [{ promise: "validConfig", object, text: "Loki cannot read the runtime config", fix }];
  return Object.keys(runtime)
    .filter((key) => !["overrides", "configs"].includes(key))
    .map((key) => ({ promise: "durability", object, text: `the runtime config has ${key}`, fix }));
}
