import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { lokiMeanings } from "../../../../automation/changes/lokiMeanings.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { changeOf, manifest } from "./manifests.ts";

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
  const meanings = (change: (config: Loose) => void, from: Loose = BASE) => {
    const config = structuredClone(from);
    change(config);
    const map = (value: Loose) => manifest("ConfigMap", "loki", { data: { "config.yaml": stringify(value) } });
    return lokiMeanings(changeOf(map(from), map(config)), TODAY).map(({ level, subject }) => `${level} ${subject}`);
  };
  const limit = (key: string, value: unknown) => (config: Loose) => {
    config.limits_config[key] = value;
  };

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

  it("rates limits on late lines, and the right to delete lines", () => {
    assert.deepEqual(meanings(limit("max_query_lookback", "24h")), ["disruptive max_query_lookback"]);
    assert.deepEqual(meanings(limit("reject_old_samples_max_age", "1h")), ["disruptive reject_old_samples_max_age"]);
    assert.deepEqual(meanings(limit("deletion_mode", "filter-and-delete")), ["disruptive deletion_mode"]);
    assert.deepEqual(meanings(limit("ingestion_rate_mb", 10)), ["restarts ingestion_rate_mb"]);
    assert.deepEqual(meanings(limit("ingestion_rate_mb", 100)), []);
  });
});
