// What a report notes about retentions of some lines: those of the escape hatch, not those of loki.retention.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { retentionNotes } from "../../../../../components/helm/promises/retentionStreams.ts";
import { longestRetention, retentionStreams } from "../../../../../components/loki/retention.ts";

const RULES = {
  retentionHours: 336,
  retention: [
    { namespace: "dev", hours: 24 },
    { namespace: "audit", hours: 8760 },
  ],
};

const stack = (streams: unknown[], lookback = longestRetention(RULES)) => [
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "loki" },
    data: {
      "config.yaml": stringify({
        schema_config: { configs: [] },
        compactor: { retention_enabled: true },
        limits_config: {
          retention_period: "336h",
          max_query_lookback: `${lookback}h`,
          retention_stream: streams,
        },
      }),
    },
  },
];

describe("notes on retention", () => {
  const own = retentionStreams(RULES.retention);
  const notes = (given: ReturnType<typeof stack>, of = stack(own)) =>
    retentionNotes({ own: of, given, beside: [], safeguards: "none", monitoringNamespaces: [] } as Parameters<
      typeof retentionNotes
    >[0]).map(({ text }) => text);

  it("are silent about the rules of loki.retention", () => {
    assert.deepEqual(notes(stack(own)), []);
  });

  it("name a rule of the escape hatch that deletes lines earlier", () => {
    const [text, ...others] = notes(stack([...own, { selector: '{env="test"}', priority: 9, period: "24h" }]));
    assert.match(text ?? "", /^lines of \{env="test"\} are deleted after 1 day instead of 14 days$/);
    assert.deepEqual(others, []);
  });

  it("name a rule of the escape hatch whose lines cannot be read to the end", () => {
    const longer = { selector: '{env="test"}', priority: 9, period: "720h" };
    assert.deepEqual(notes(stack([...own, longer])), [], "a rule of loki.retention keeps lines even longer");
    const [text] = notes(stack([longer], 336), stack([], 336));
    assert.match(text ?? "", /kept for 30 days, but can be read for 14 days alone/);
  });
});
