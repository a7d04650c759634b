// The escape hatches `loki.values` and `alloy.values`.
import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("a chart value", [
  {
    what: "replicas, which would bypass the capacity check",
    change: (c) => {
      c.loki.values = { write: { replicas: 30 } };
    },
    path: "loki.values.write.replicas",
    given: 30,
    allowed: /the argument loki.write.replicas sets it/,
    fix: /set loki.write.replicas instead/,
  },
  ...(
    [
      ["deploymentMode", "Distributed", /write, read and backend/, /remove it/],
      ["loki.limits_config.deletion_mode", "filter-and-delete", /could delete logs/, /remove it/],
      ["loki.structuredConfig.limits_config.deletion_mode", "filter-and-delete", /could delete logs/, /remove it/],
      ["loki.config", "auth_enabled: true", /all of Loki's config/, /remove it/],
      ["loki.structuredConfig.schema_config", { configs: [] }, /loki\.schema sets it/, /set loki\.schema instead/],
      ["loki.structuredConfig.limits_config.retention_period", "1h", /sets it/, /set loki\.retentionHours instead/],
      ["loki.structuredConfig.common.replication_factor", "1", /sets it/, /set loki\.replicationFactor instead/],
      ["loki.structuredConfig.storage_config.aws", { bucketnames: "x" }, /sets it/, /set objectStorage instead/],
      ["lokiConfig", { common: {} }, /a key of the chart loki 18\.11\.0/, /did you mean loki\?/],
      ["loki.runtimeConfig.overrides.fake.retention_period", "24h", /sets it/, /set loki\.retentionHours instead/],
      [
        "loki.runtimeConfig.overrides.fake.ingestion_rate_mb",
        "1",
        /sets it/,
        /set loki\.limits\.ingestionRateMb instead/,
      ],
      [
        "loki.runtimeConfig.overrides.fake.deletion_mode",
        "filter-only",
        /could delete logs/,
        /promisesGivenUp: \[deletion\]/,
      ],
      ["fullnameOverride", "logs", /the stack's names and ports/, /remove it/],
      ["gateway.enabled", false, /^true: .* through the gateway alone/, /remove it/],
      ["gateway.service.port", "8080", /^80: /, /remove it/],
      ["gateway.nginxConfig.file", "events {}", /the password and the list of paths/, /remove it/],
      ["ingress.enabled", true, /^false: .*past the gateway's password; gateway\.ingress/, /remove it/],
      ["chunksCache.enabled", false, /sets it/, /set loki\.caches\.chunksMiB instead/],
      [
        "gateway.nginxConfig.serverSnippet",
        "location /x { return 200; }",
        /"location \/x" lets requests in/,
        /the stack sets/,
      ],
      ["gateway.nginxConfig.httpSnippet", "client_max_body_size 1m", /there is no ; at the end/, /the stack sets/],
      ["loki.limits_config.enforce_metric_name", false, /Loki 3\.7\.6, which would not start/, /grafana\.com/],
      [
        "loki.structuredConfig.limits_config.max_query_serie",
        "1",
        /would not start/,
        /did you mean max_query_series\?/,
      ],
      ["loki.structuredConfig.schema", {}, /would not start/, /grafana\.com/],
      ["loki.commonConfig.replication", "1", /would not start/, /grafana\.com/],
      ["loki.ingester.wal.flush_on_shutdwn", true, /would not start/, /did you mean flush_on_shutdown\?/],
      ["loki.runtimeConfig.overrides.fake.max_streams", "1", /would not start/, /grafana\.com|did you mean/],
      ["gateway.basicAuth2", {}, /a key of the chart/, /did you mean basicAuth\?/],
      ["write.envFrom", [], /a key of the chart/, /extraEnvFrom|helm show values/],
      ["writes", {}, /a key of the chart/, /did you mean write\?/],
      ["resources", {}, /a key of the chart/, /helm show values loki --repo .* --version 18\.11\.0/],
    ] as const
  ).map(
    ([path, value, allowed, fix]): Mistake => ({
      what: path,
      change: (c) => {
        c.loki.values = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      },
      path: `loki.values.${path}`,
      allowed,
      fix,
    }),
  ),
  ...(
    [
      ["tolerations", [{ operator: "Exists" }], /did you mean controller\.tolerations\?/],
      ["nodeSelector", { pool: "x" }, /did you mean controller\.nodeSelector\?/],
      ["resources", { limits: { memory: "2Gi" } }, /did you mean alloy\.resources or configReloader\.resources\?/],
      ["controller.priorityClass", "x", /did you mean priorityClassName\?/],
      ["alloy.mounts.varLog", true, /did you mean varlog\?/],
    ] as const
  ).map(
    ([path, value, fix]): Mistake => ({
      what: `${path} of Alloy`,
      change: (c) => {
        c.alloy.values = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      },
      path: `alloy.values.${path}`,
      allowed: /a key of the chart alloy 1\.11\.1, which would ignore this one/,
      fix,
    }),
  ),
  {
    what: "a promise that cannot be given up",
    change: (c) => {
      c.promisesGivenUp = ["gateway"];
    },
    path: "promisesGivenUp[0]",
    given: "gateway",
    allowed: /^one of: pipeline, everyNode, /,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "a key of MinIO",
    change: (c) => {
      c.loki.values = { loki: { storage: { s3: { secretAccessKey: "PLANTED" } } } };
    },
    path: "loki.values.loki.storage.s3.secretAccessKey",
    allowed: /no secret/,
    fix: /Secret/,
  },
  {
    what: "a password in Alloy's values",
    change: (c) => {
      c.alloy.values = { alloy: { extraEnv: [{ name: "REMOTE_PASSWORD", value: "PLANTED" }] } };
    },
    path: "alloy.values.alloy.extraEnv[0].value",
    allowed: /no secret/,
    fix: /Secret/,
  },
]);
