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
