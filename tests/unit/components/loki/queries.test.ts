// Guard rails for readers, in Loki's own config.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LOADS, MEASURED, profile } from "../../../../components/profile/profiles.ts";
import { parseCpu } from "../../../../components/quantities.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { plan, stackFile, valuesOf } from "../../../harness/plannedStack.ts";

const planned = (queries?: unknown, change: (config: Loose) => void = () => {}) =>
  plan(
    stackFile((config) => {
      if (queries) config.loki.queries = queries;
      change(config);
    }),
  );

describe("guard rails of queries", () => {
  it("are in every stack's config", async () => {
    const { loki } = valuesOf(await planned(), "loki");
    const { query_timeout, max_query_bytes_read, max_query_series, max_entries_limit_per_query } =
      loki.runtimeConfig.overrides.fake;
    assert.deepEqual(
      { query_timeout, max_query_bytes_read, max_query_series, max_entries_limit_per_query },
      {
        query_timeout: "300s",
        max_query_bytes_read: "108GB",
        max_query_series: 1200,
        max_entries_limit_per_query: 5000,
      },
    );
    assert.equal(loki.runtimeConfig.overrides.fake.max_query_length, "360h");
    assert.equal(loki.query_scheduler.max_outstanding_requests_per_tenant, 12_800);
    assert.equal("blocked_queries" in loki.runtimeConfig.overrides.fake, false);
  });

  it("let one query read all that is kept, however long that is", async () => {
    const { loki } = valuesOf(
      await planned(undefined, (config) => {
        config.loki.retentionHours = 24 * 90;
      }),
      "loki",
    );
    assert.equal(loki.runtimeConfig.overrides.fake.max_query_length, `${24 * 91}h`);
  });

  it("block queries, and warn of an expression that blocks every one", async () => {
    const blocked = [
      { pattern: '{cluster="prod-aks-a"}' },
      { pattern: '(?i)\\|~ "\\.\\*(?P<a>x)"', regex: true, types: ["metric"] },
    ];
    const good = await planned({ blocked });
    assert.deepEqual(valuesOf(good, "loki").loki.runtimeConfig.overrides.fake.blocked_queries, [
      { pattern: '{cluster="prod-aks-a"}', regex: false },
      { pattern: '(?i)\\|~ "\\.\\*(?P<a>x)"', regex: true, types: ["metric"] },
    ]);
    assert.doesNotMatch(good.warnings.join("\n"), /loki\.queries/);
    const all = await planned({ blocked: [{ pattern: ".*", regex: true }] });
    assert.match(all.warnings.join("\n"), /loki\.queries\.blocked\[0\]\.pattern "\.\*" matches every query/);
  });

  it("give Grafana as long as Loki has", async () => {
    const { outputs } = await planned({ timeoutSeconds: 120 });
    assert.equal((outputs.grafanaDataSource as Loose).jsonData.timeout, 120);
  });
});

for (const name of Object.keys(LOADS) as Array<keyof typeof LOADS>)
  describe(`the profile ${name}`, () => {
    const { gbPerDay, nodes, loki } = profile(name);
    const { timeoutSeconds = 0, maxReadGb = 0, maxSeries = 0 } = loki.queries ?? {};

    it("reads a whole day in one query, and no more than its readers search in the time", () => {
      const cores = ((loki.read?.replicas ?? 0) * (parseCpu(loki.read?.resources?.limits.cpu ?? "") ?? 0)) / 1000;
      assert.ok(maxReadGb >= gbPerDay, `${maxReadGb}`);
      assert.ok(maxReadGb * 1000 <= cores * MEASURED.searchedPerCore * timeoutSeconds, `${maxReadGb}`);
    });

    it("draws a series for each container", () => {
      assert.ok(maxSeries >= nodes * 30);
    });
  });
