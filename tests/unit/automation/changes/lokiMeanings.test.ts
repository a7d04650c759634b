import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { lokiMeanings } from "../../../../automation/changes/lokiMeanings.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { manifest } from "./manifests.ts";

type Stream = readonly [selector: string, period: unknown, priority?: number];

describe("Loki's config", () => {
  const TODAY = new Date("2026-06-01");
  const period = (from: string) => ({
    from,
    store: "tsdb",
    object_store: "s3",
    schema: "v13",
    index: { prefix: "i_", period: "24h" },
  });
  const BASE = {
    auth_enabled: false,
    common: { storage: { s3: { bucketnames: "loki-a", endpoint: "https://minio:9000" } } },
    compactor: { retention_enabled: true },
    limits_config: {
      retention_period: "336h",
      max_query_lookback: "336h",
      reject_old_samples_max_age: "168h",
      deletion_mode: "disabled",
      ingestion_rate_mb: 50,
    },
    schema_config: { configs: [period("2025-01-01")] },
  };
  const objects = (config: Loose, runtime: Loose = {}) => [
    manifest("ConfigMap", "loki", { data: { "config.yaml": stringify(config) } }),
    manifest("ConfigMap", "loki-runtime", { data: { "runtime-config.yaml": stringify(runtime) } }),
  ];
  const rated = (before: ReturnType<typeof objects>, after: ReturnType<typeof objects>) =>
    lokiMeanings(before, after, TODAY).map(({ level, subject }) => `${level} ${subject}`);
  const meanings = (change: (config: Loose) => void, from: Loose = BASE) => {
    const config = structuredClone(from);
    change(config);
    return rated(objects(from), objects(config));
  };
  const limit = (key: string, value: unknown) => (config: Loose) => {
    config.limits_config[key] = value;
  };

  it("reports a rule that is gone once, though queries no longer look back as far", () => {
    const longer = structuredClone(BASE) as Loose;
    longer.limits_config.retention_stream = [{ selector: '{namespace="audit"}', priority: 1, period: "8760h" }];
    longer.limits_config.max_query_lookback = "8760h";
    const without = (config: Loose) => {
      delete config.limits_config.retention_stream;
      config.limits_config.max_query_lookback = "336h";
    };
    assert.deepEqual(meanings(without, longer), ['destructive retention of {namespace="audit"}']);
  });

  it("deletes lines when the retention starts or gets shorter", () => {
    assert.deepEqual(meanings(limit("retention_period", "7d")), ["destructive retention"]);
    assert.deepEqual(meanings(limit("retention_period", "15d")), ["safe retention"]);
    assert.deepEqual(meanings(limit("retention_period", "0s")), ["safe retention"], "0 keeps lines forever");
    assert.deepEqual(meanings(limit("retention_period", "14d")), [], "the same in other words");
    const endless = structuredClone(BASE);
    endless.compactor.retention_enabled = false;
    assert.deepEqual(
      meanings((c) => {
        c.compactor.retention_enabled = true;
      }, endless),
      ["destructive retention"],
    );
    assert.deepEqual(
      meanings((c) => {
        c.compactor.retention_enabled = false;
      }),
      ["safe retention"],
    );
  });

  it("makes lines unreadable when their schema, bucket or tenant changes", () => {
    const schema = (...days: string[]) =>
      meanings((c) => {
        c.schema_config.configs = days.map(period);
      });
    assert.deepEqual(schema("2025-02-01"), ["destructive Loki's schema, loki.schema[0]"]);
    assert.deepEqual(schema("2025-01-01", "2026-05-01"), ["destructive Loki's schema, loki.schema[1].from"]);
    assert.deepEqual(schema("2025-01-01", "2026-06-02"), ["safe Loki's schema"]);
    assert.deepEqual(
      meanings((c) => {
        c.schema_config.configs[0].schema = "v12";
      }),
      ["destructive Loki's schema, loki.schema[0]"],
    );
    assert.deepEqual(
      meanings((c) => {
        c.common.storage.s3.bucketnames = "b";
      }),
      ["destructive Loki's bucket"],
    );
    assert.deepEqual(
      meanings((c) => {
        c.common.storage.s3.endpoint = "https://other";
      }),
      ["disruptive MinIO's address"],
    );
    assert.deepEqual(
      meanings((c) => {
        c.auth_enabled = true;
      }),
      ["destructive Loki's tenants"],
    );
  });

  it("makes lines unreadable when their store, its prefix or the write-ahead log changes", () => {
    const set = (path: string, value: unknown) => (config: Loose) => {
      const keys = path.split(".");
      const last = keys.pop() as string;
      const parent = keys.reduce((map, key) => {
        map[key] ??= {};
        return map[key];
      }, config);
      parent[last] = value;
    };
    assert.deepEqual(meanings(set("storage_config.filesystem", { directory: "/x" })), ["destructive Loki's store"]);
    assert.deepEqual(meanings(set("storage_config.object_prefix", "new/")), ["destructive Loki's store"]);
    assert.deepEqual(meanings(set("storage_config.use_thanos_objstore", true)), ["destructive Loki's store"]);
    assert.deepEqual(meanings(set("storage_config.tsdb_shipper", { cache_ttl: "1h" })), []);
    assert.deepEqual(meanings(set("ingester.wal.enabled", false)), ["destructive the write-ahead log"]);
    assert.deepEqual(meanings(set("ingester.wal.dir", "/tmp/wal")), ["destructive the write-ahead log"]);
    assert.deepEqual(meanings(set("querier.query_store_only", true)), ["destructive query_store_only"]);
    assert.deepEqual(meanings(set("querier.query_ingester_only", true)), ["destructive query_ingester_only"]);
    assert.deepEqual(meanings(set("querier.query_ingesters_within", "1h")), ["disruptive query_ingesters_within"]);
  });

  it("rates limits on late lines, and the right to delete lines", () => {
    assert.deepEqual(meanings(limit("max_query_lookback", "24h")), ["destructive max_query_lookback"]);
    assert.deepEqual(meanings(limit("reject_old_samples_max_age", "1h")), ["disruptive reject_old_samples_max_age"]);
    for (const mode of ["filter-and-delete", "filter-only", undefined])
      assert.deepEqual(meanings(limit("deletion_mode", mode)), ["destructive deletion_mode"], mode);
    assert.deepEqual(meanings(limit("allow_deletes", true)), ["destructive deletion_mode"]);
    assert.deepEqual(meanings(limit("block_ingestion_until", "2999-01-01T00:00:00Z")), [
      "disruptive block_ingestion_until",
    ]);
    assert.deepEqual(meanings(limit("ingestion_rate_mb", 10)), ["disruptive ingestion_rate_mb"]);
    assert.deepEqual(meanings(limit("ingestion_rate_mb", 100)), []);
  });

  const DEV = '{namespace="dev"}';
  const streams = (...list: readonly Stream[]) =>
    limit(
      "retention_stream",
      list.map(([selector, period, priority = 1]) => ({ selector, period, priority })),
    );
  const withStreams = (...list: readonly Stream[]) => {
    const config = structuredClone(BASE);
    streams(...list)(config);
    return config;
  };

  it("deletes lines when some of them are kept for a shorter time", () => {
    assert.deepEqual(meanings(streams([DEV, "24h"])), [`destructive retention of ${DEV}`]);
    assert.deepEqual(meanings(streams([DEV, "30d"])), [`safe retention of ${DEV}`]);
    assert.deepEqual(meanings(streams([DEV, "14d"])), [], "as all others");
    assert.deepEqual(meanings(streams([DEV, "soon"])), [`destructive retention of ${DEV}`], "nobody knows");
    assert.deepEqual(meanings(limit("retention_stream", undefined), withStreams([DEV, "30d"])), [
      `destructive retention of ${DEV}`,
    ]);
    assert.deepEqual(meanings(limit("retention_stream", undefined), withStreams([DEV, "24h"])), [
      `safe retention of ${DEV}`,
    ]);
    assert.deepEqual(meanings(streams([DEV, "48h"]), withStreams([DEV, "3d"])), [`destructive retention of ${DEV}`]);
    assert.deepEqual(meanings(limit("retention_period", "7d"), withStreams([DEV, "3d"])), ["destructive retention"]);
    const [a, b] = ['{a="1"}', '{b="1"}'];
    assert.deepEqual(meanings(streams([a, "3d", 1], [b, "9d", 2]), withStreams([a, "3d", 2], [b, "9d", 1])), [
      "destructive the order of retention_stream",
    ]);
  });

  it("reads the runtime config's overrides of the only tenant, and of no other", () => {
    const override = (limits: Loose, tenant = "fake") =>
      rated(objects(BASE), objects(BASE, { overrides: { [tenant]: limits } }));
    const reloaded = "safe Loki's limits";
    assert.deepEqual(override({ retention_period: "24h" }), ["destructive retention", reloaded]);
    assert.deepEqual(override({ deletion_mode: "filter-only" }), ["destructive deletion_mode", reloaded]);
    assert.deepEqual(override({ max_query_lookback: "1d" }), ["destructive max_query_lookback", reloaded]);
    assert.deepEqual(override({ retention_stream: [{ selector: DEV, priority: 1, period: "24h" }] }), [
      `destructive retention of ${DEV}`,
      reloaded,
    ]);
    assert.deepEqual(override({ retention_period: "24h" }, "other"), []);
    assert.deepEqual(rated(objects(BASE, { overrides: { fake: { retention_period: "30d" } } }), objects(BASE)), [
      "destructive retention",
    ]);
  });

  it("names the limits that Loki reloads without a restart, with both values", () => {
    const withLimits = (limits: Loose) => objects(BASE, { overrides: { fake: limits } });
    const [found, ...others] = lokiMeanings(
      withLimits({ query_timeout: "300s", max_query_series: 1200, blocked_queries: [{ pattern: "a" }] }),
      withLimits({ query_timeout: "60s", max_query_series: 1200, max_entries_limit_per_query: 10 }),
    );
    assert.deepEqual(others, []);
    assert.equal(
      found?.text,
      "reloaded without a restart, within about two minutes of the deploy: query_timeout (300s → 60s), max_entries_limit_per_query (unset → 10), blocked_queries (removed)",
    );
  });

  it("names no limit that only moves into the runtime config", () => {
    const { retention_period, ...others } = BASE.limits_config;
    const moved = { ...BASE, limits_config: others };
    assert.deepEqual(rated(objects(BASE), objects(moved, { overrides: { fake: { retention_period } } })), []);
  });

  it("reads the config in a Secret too", () => {
    const secret = (config: Loose) => [
      manifest("Secret", "loki", { data: { "config.yaml": Buffer.from(stringify(config)).toString("base64") } }),
    ];
    const shorter = structuredClone(BASE);
    shorter.limits_config.retention_period = "24h";
    assert.deepEqual(rated(objects(BASE), secret(shorter)), ["destructive retention"]);
  });
});
