// Loki's config and the Services that it refers to.
import assert from "node:assert/strict";
import { it } from "node:test";
import { parse } from "yaml";
import { containersOf, object } from "../renderedCharts.ts";
import { describeManifests, LOKI } from "./describeManifests.ts";

describeManifests(({ stack, rendered, pod, lokiConfig }) => {
  it("have the Services that everything else refers to", () => {
    const gateway = object(rendered().loki, "Service", "loki-gateway");
    assert.equal(gateway.spec.type, "ClusterIP");
    assert.equal(gateway.spec.ports[0].port, 80);
    for (const [key, value] of Object.entries(gateway.spec.selector))
      assert.equal(pod("loki-gateway").metadata.labels[key], value);
    const memberlist = object(rendered().loki, "Service", "loki-memberlist");
    assert.equal(memberlist.spec.publishNotReadyAddresses, true);
  });

  it("mount MinIO's CA where Loki's config looks for it", () => {
    for (const name of LOKI) {
      const { spec } = pod(name);
      assert.ok(
        spec.volumes.some((v: { configMap?: { name: string } }) => v.configMap?.name === "logging-minio-ca-[auto]"),
      );
      const mount = containersOf(spec)[0].volumeMounts.find((m: { name: string }) => m.name === "minio-ca");
      assert.equal(`${mount.mountPath}/ca.crt`, lokiConfig().common.storage.s3.http_config.ca_file);
      assert.ok(containersOf(spec)[0].args.includes("-config.expand-env=true"), name);
    }
  });

  it("have the intended Loki config", () => {
    const loki = lokiConfig();
    assert.equal(loki.auth_enabled, false);
    assert.equal(loki.common.replication_factor, 3);
    assert.equal(loki.common.path_prefix, "/var/loki");
    assert.deepEqual(loki.common.storage.s3, {
      access_key_id: "${MINIO_ACCESS_KEY}",
      secret_access_key: "${MINIO_SECRET_KEY}",
      bucketnames: `loki-${stack}`,
      endpoint: "https://minio.internal.company:9000",
      http_config: { ca_file: "/etc/loki/ca/ca.crt" },
      insecure: false,
      region: "us-east-1",
      s3forcepathstyle: true,
    });
    assert.deepEqual(loki.schema_config.configs, [
      {
        from: "2025-01-01",
        store: "tsdb",
        object_store: "s3",
        schema: "v13",
        index: { prefix: "loki_index_", period: "24h" },
      },
    ]);
    assert.equal(loki.compactor.retention_enabled, true);
    assert.equal(loki.compactor.delete_request_store, "s3");
    const limits = parse(object(rendered().loki, "ConfigMap", "loki-runtime").data["runtime-config.yaml"]).overrides
      .fake;
    assert.equal(limits.retention_period, "336h");
    assert.equal(limits.max_query_lookback, "336h");
    assert.equal(limits.ingestion_rate_mb, 50);
    assert.equal(limits.ingestion_burst_size_mb, 100);
    // Loki reads the overrides over its config. In both is only what the chart's own config has too.
    assert.deepEqual(
      Object.keys(limits).filter((limit) => limit in loki.limits_config),
      ["query_timeout"],
    );
    assert.equal(loki.limits_config.deletion_mode, "disabled");
    assert.equal(loki.limits_config.shard_streams.time_sharding_enabled, true);
    assert.equal(loki.limits_config.reject_old_samples_max_age, "168h");
    assert.equal(loki.limits_config.max_line_size_truncate, true);
    assert.equal(loki.memberlist.cluster_label, stack);
    assert.deepEqual(loki.memberlist.join_members, ["loki-memberlist.logging.svc.cluster.local"]);
    assert.equal(loki.ingester.autoforget_unhealthy, true);
    assert.equal(loki.ingester.wal.replay_memory_ceiling, "3072MB");
    assert.equal(loki.analytics.reporting_enabled, false);
    assert.equal(loki.ruler, undefined);
  });
});
