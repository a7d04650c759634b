import type { Input } from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { generationAnnotation } from "../gateway/password.ts";
import { mergeValues, type Values } from "../helm/mergeValues.ts";
import { STORAGE_ENV } from "../objectStorage/credentials.ts";
import { memoryLimit } from "../quantities.ts";
import { CACHE_CPU, EXPORTER_RESOURCES } from "./args.ts";
import { lokiPeriods } from "./schema.ts";

/** Release name. The chart derives the Service `loki-gateway` from it; an auto-generated one would break Alloy's address. */
export const LOKI_RELEASE = "loki";

/** Service of the gateway, part of the contract with everything that reads or writes logs. */
export const GATEWAY_SERVICE = `${LOKI_RELEASE}-gateway`;

/** Names of objects that the values refer to. Names only: nothing in here is secret, so a preview shows every change. */
export interface LokiReferences {
  readonly credentialsSecret: Input<string>;
  readonly gatewaySecret: Input<string>;
  /** ConfigMap with MinIO's private CA, key `ca.crt`. */
  readonly caConfigMap?: Input<string>;
  readonly pullSecrets: ReadonlyArray<Input<string>>;
}

/** A chunk is full, and stored, at this size. */
export const CHUNK_MIB = 1.5;

const CA_MOUNT = "/etc/loki/ca";

/**
 * What the gateway offers: pushing and reading. The chart's own list has flushing and shutting down writers, Loki's config, its
 * rings, rules and deletions too, for everyone who may read a log. By a rewrite to a path that has to be authorized like any other:
 * a plain `return` would answer before the password is asked for.
 */
const OFFERED_PATHS = {
  httpSnippet: [
    "map $uri $offered {",
    "  default 0;",
    "  / 1;",
    "  /stub_status 1;",
    "  ~^/loki/api/v1/(push|query|query_range|labels?|series|index|tail|patterns|detected_labels|detected_fields?|format_query|drilldown-limits|status/buildinfo)(/|$) 1;",
    "}",
  ].join("\n"),
  serverSnippet: [
    "if ($offered = 0) { rewrite ^ /not-offered last; }",
    "location = /not-offered { internal; try_files /nothing =404; }",
  ].join("\n"),
};

/** Values of the Loki chart. */
export function lokiValues(args: ResolvedArgs, refs: LokiReferences): Values {
  const { loki, nodePool, images } = args;
  const placement = { nodeSelector: nodePool.nodeSelector, tolerations: nodePool.tolerations };
  const own: Values = {
    deploymentMode: "SimpleScalable",
    ...(images.registry && { global: { imageRegistry: images.registry } }),
    ...(refs.pullSecrets.length > 0 && { imagePullSecrets: refs.pullSecrets.map((name) => ({ name })) }),

    // Reaches write, read and backend. `global.extraEnvFrom` would hand MinIO's keys to memcached as well.
    defaults: {
      ...placement,
      extraEnvFrom: [{ secretRef: { name: refs.credentialsSecret } }],
      ...(refs.caConfigMap && {
        extraVolumes: [{ name: "minio-ca", configMap: { name: refs.caConfigMap } }],
        extraVolumeMounts: [{ name: "minio-ca", mountPath: CA_MOUNT, readOnly: true }],
      }),
      // With the rules sidecar off, nothing of Loki asks the Kubernetes API.
      automountServiceAccountToken: false,
    },
    serviceAccount: { automountServiceAccountToken: false },
    // Otherwise the chart makes a ClusterRole without rules.
    rbac: { namespaced: true },

    loki: lokiConfig(args, refs),
    // Peers find each other before they are ready; without it a first start waits, and fails where joining is a must.
    memberlist: { service: { publishNotReadyAddresses: true } },

    write: {
      replicas: loki.write.replicas,
      resources: loki.write.resources,
      topologySpreadConstraints: spreadOverZones("write"),
      persistence: {
        size: `${loki.write.diskSizeGiB}Gi`,
        storageClass: loki.storageClass,
        // The WAL is on it: lines that MinIO does not have yet.
        enableStatefulSetAutoDeletePVC: false,
      },
    },
    read: {
      replicas: loki.read.replicas,
      resources: loki.read.resources,
      topologySpreadConstraints: spreadOverZones("read"),
    },
    backend: {
      replicas: loki.backend.replicas,
      resources: loki.backend.resources,
      topologySpreadConstraints: spreadOverZones("backend"),
      // The chart's `true` for this component would win over `defaults`.
      automountServiceAccountToken: false,
      persistence: {
        size: `${loki.backend.diskSizeGiB}Gi`,
        storageClass: loki.storageClass,
        // The chart deletes these disks with the pods by default; on those of an adopted release may be a list of what is still to be
        // deleted from MinIO, which Loki moves there when it starts.
        enableStatefulSetAutoDeletePVC: false,
      },
    },

    gateway: {
      replicas: loki.gateway.replicas,
      resources: loki.gateway.resources,
      ...placement,
      topologySpreadConstraints: spreadOverZones("gateway"),
      // The chart renders a budget only where a number is given.
      podDisruptionBudget: { maxUnavailable: 1 },
      // A surge pod would need one host more than there are gateways, and on a full pool the roll-out would wait for it for ever.
      deploymentStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      basicAuth: { enabled: true, existingSecret: refs.gatewaySecret },
      podAnnotations: generationAnnotation(loki.gateway.credentialsGeneration),
      nginxConfig: OFFERED_PATHS,
      // Otherwise Alloy ships a line for each of its own pushes.
      verboseLogging: false,
      metrics: { resources: EXPORTER_RESOURCES },
    },

    // Writers look here whether another one has stored the same chunk: 390 PUTs per GB with it, 930 without
    // (bench/results/pipeline-compared.md).
    chunksCache: cache(loki.caches.chunksMiB, CACHE_CPU.chunks, placement),
    resultsCache: cache(loki.caches.resultsMiB, CACHE_CPU.results, placement),
    memcachedExporter: { resources: EXPORTER_RESOURCES },

    // On by default in the chart, and then the release fails for want of a bucket for rules.
    ruler: { enabled: false },
    // On by default too: it reads every ConfigMap and Secret of the cluster, for rules that nothing evaluates.
    sidecar: { rules: { enabled: false } },
    // Canary and test pod push without the gateway's password, and the test image is `latest`.
    lokiCanary: { enabled: false },
    test: { enabled: false },
    minio: { enabled: false },
    // The stack has NetworkPolicies of its own: an empty selector in the chart's lets everyone reach the gateway.
    networkPolicy: { enabled: false },
  };
  return mergeValues(own, loki.values);
}

/** The `loki:` section, which the chart turns into Loki's own config. https://grafana.com/docs/loki/latest/configure/ */
function lokiConfig({ cluster, loki, objectStorage }: ResolvedArgs, refs: LokiReferences): Values {
  const hours = (n: number): string => `${n}h`;
  return {
    // One tenant, the cluster. The gateway asks for a password instead.
    auth_enabled: false,
    commonConfig: { path_prefix: "/var/loki", replication_factor: loki.replicationFactor },
    // Two clusters that can reach each other and reuse pod addresses would merge their rings without the label.
    extraMemberlistConfig: { cluster_label: cluster.name },
    storage: {
      type: "s3",
      bucketNames: { chunks: objectStorage.bucket },
      s3: {
        endpoint: objectStorage.endpoint,
        region: objectStorage.region,
        // Expanded by Loki from its environment; the chart always passes -config.expand-env.
        accessKeyId: `\${${STORAGE_ENV.accessKey}}`,
        secretAccessKey: `\${${STORAGE_ENV.secretKey}}`,
        s3ForcePathStyle: objectStorage.pathStyle,
        // Means plain HTTP, not "do not verify".
        insecure: !objectStorage.tls,
        ...(refs.caConfigMap && { http_config: { ca_file: `${CA_MOUNT}/ca.crt` } }),
      },
    },
    schemaConfig: { configs: lokiPeriods(loki.schema) },
    storage_config: {
      // A second and third request for a slow object is more load on a MinIO that many clusters share.
      hedging: { at: "0s" },
    },
    compactor: {
      working_directory: "/var/loki/compactor",
      retention_enabled: true,
      delete_request_store: "s3",
      retention_delete_delay: "2h",
      compaction_interval: "10m",
      // What is still to be deleted stands in MinIO. By default it is on the disk of the backend that compacts at the moment; when the
      // other one takes over, as after any roll-out, the index has forgotten these chunks and nobody deletes them (grafana/loki#11119).
      deletion_marker_object_store_prefix: "markers/",
    },
    limits_config: {
      retention_period: hours(loki.retentionHours),
      max_query_lookback: hours(loki.retentionHours),
      ingestion_rate_mb: loki.limits.ingestionRateMb,
      ingestion_burst_size_mb: loki.limits.ingestionBurstMb,
      per_stream_rate_limit: `${loki.limits.perStreamRateMb}MB`,
      per_stream_rate_limit_burst: `${loki.limits.perStreamBurstMb}MB`,
      max_global_streams_per_user: loki.limits.maxStreams,
      allow_structured_metadata: true,
      // Refused lines are lost: Alloy does not send a batch again that got a 400.
      max_line_size_truncate: true,
      // One value with `older_than` in pod-logs.alloy.
      reject_old_samples: true,
      reject_old_samples_max_age: "168h",
      // Without it an ingester refuses what is half of max_chunk_age older than its stream's newest line: the replay after a long
      // outage.
      // A line that is sent again has to meet itself in the same stream, or it is shown twice. So which stream it is in depends on
      // nothing but its own time: not on how old it is when it arrives (the default leaves the newest 40 minutes alone), and not on
      // how fast its stream is at the moment, which is why sharding by rate is off.
      shard_streams: { enabled: false, time_sharding_enabled: true, time_sharding_ignore_recent: "0s" },
      // Whoever reaches the gateway could delete logs otherwise.
      deletion_mode: "disabled",
    },
    ingester: {
      // By bench/results/pipeline-compared.md: a sixth less CPU in the writers than with gzip, the default, and 1 % fewer bytes. Snappy
      // stores half as much again. Blocks of 1 MiB in chunks of 4 MiB save another 1 %, for a third more memory in the writers.
      chunk_encoding: "zstd",
      chunk_target_size: CHUNK_MIB * 2 ** 20,
      // Half of it is how long a stream of time sharding lasts, and so how often every stream's chunk is cut. With it and the line below,
      // 460 requests to MinIO per GB where the seed makes 1430 (bench/results/pipeline.md), and about a thousand with 2h and Loki's default.
      max_chunk_age: "4h",
      // By default a chunk is also cut in the middle of each hour, so that all writers cut theirs alike. Time sharding does that already.
      sync_period: "0s",
      // A dead member of the ring would block writes until someone removes it by hand.
      autoforget_unhealthy: true,
      wal: {
        enabled: true,
        dir: "/var/loki/wal",
        flush_on_shutdown: true,
        // Three quarters of the limit: Loki's 4GB would be killed for its memory while it replays, again and again.
        replay_memory_ceiling: `${Math.floor(memoryLimit(loki.write.resources) * 0.75)}MB`,
      },
    },
    // Readers ask the writers for lines of this age too. Loki's 3h is too short for lines that a writer keeps while MinIO is away: they
    // would be there and not be found.
    querier: { query_ingesters_within: "6h" },
    // Reads the bucket with its own marker object every few minutes, and reports to Grafana Labs.
    analytics: { reporting_enabled: false },
  };
}

/** Pods of a component over zones as far as possible; that they do not share a host is the chart's own rule. */
const spreadOverZones = (component: string): Values[] => [
  {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: {
      matchLabels: {
        "app.kubernetes.io/name": "loki",
        "app.kubernetes.io/instance": LOKI_RELEASE,
        "app.kubernetes.io/component": component,
      },
    },
  },
];

/** The chart's default chunks cache asks for 9.8 GiB. */
const cache = (allocatedMiB: number, cpu: string, placement: Values): Values =>
  allocatedMiB === 0
    ? { enabled: false }
    : { enabled: true, allocatedMemory: allocatedMiB, allocatedCPU: cpu, ...placement };
