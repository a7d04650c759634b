// Retention by namespace and container, as Loki's own rules.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hoursKept, longestRetention, retentionStreams } from "../../../../components/loki/retention.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { plan, resource, stackFile } from "../../../harness/plannedStack.ts";

const RULES = [
  { namespace: "dev", hours: 24 },
  { namespace: "audit", hours: 8760 },
  { namespace: "dev", container: "ledger", hours: 720 },
];

async function limits(retention: unknown): Promise<Loose> {
  const planned = await plan(
    stackFile((config) => {
      config.loki.retention = retention;
    }),
  );
  return (resource(planned, "logging-loki").inputs as Loose).values.loki.runtimeConfig.overrides.fake;
}

describe("retention by namespace", () => {
  it("becomes retention_stream, and the rule of a container goes before that of its namespace", async () => {
    assert.deepEqual((await limits(RULES)).retention_stream, [
      { selector: '{namespace="dev", container="ledger"}', priority: 2, period: "720h" },
      { selector: '{namespace="audit"}', priority: 1, period: "8760h" },
      { selector: '{namespace="dev"}', priority: 1, period: "24h" },
    ]);
  });

  it("lets readers look back as far as the longest rule, and never less than the retention of all lines", async () => {
    assert.equal((await limits(RULES)).max_query_lookback, "8760h");
    assert.equal((await limits([{ namespace: "dev", hours: 24 }])).max_query_lookback, "336h");
    assert.equal(longestRetention({ retentionHours: 48, retention: RULES }), 8760);
  });

  it("is left out of Loki's config without a rule", async () => {
    assert.equal("retention_stream" in (await limits([])), false);
    assert.equal("retention_stream" in (await limits(undefined)), false);
  });

  it("is the same in any order, so that a preview shows no change", () => {
    assert.deepEqual(retentionStreams([...RULES].reverse()), retentionStreams(RULES));
  });

  it("decides how long the lines of a container are kept", () => {
    const kept = (namespace: string, container: string) =>
      hoursKept({ retentionHours: 336, retention: RULES }, namespace, container);
    assert.deepEqual([kept("dev", "ledger"), kept("dev", "app"), kept("shop", "ledger")], [720, 24, 336]);
  });
});
