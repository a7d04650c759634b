import assert from "node:assert/strict";
import { it } from "node:test";
import { canaryCounts } from "../../../../automation/verify/canaryMetrics.ts";

const PAGE = `# TYPE loki_canary_entries_total counter
loki_canary_entries_total 1.2e+03
loki_canary_response_latency_seconds_bucket{le="0.5"} 7
loki_canary_response_latency_seconds_count 1190
loki_canary_missing_entries_total 4
loki_canary_websocket_missing_entries_total 9
`;

it("finds the counts on the canary's page, and nothing else", () => {
  assert.deepEqual(canaryCounts(PAGE), { written: 1200, found: 1190, missing: 4 });
});

it("names a metric that the canary does not report", () => {
  assert.throws(
    () => canaryCounts(PAGE.replace(/^loki_canary_missing_entries_total.*\n/m, "")),
    /^Error: the canary reports no loki_canary_missing_entries_total$/,
  );
});
