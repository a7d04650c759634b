import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ALLOY_CHART } from "../../../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../../../components/loki/chart.ts";
import { missingPreviousCharts, PREVIOUS_CHARTS } from "../../../harness/pulumi/previousCharts.ts";

describe("the charts that an upgrade comes from", () => {
  it("are not the pinned ones, and a command gets each missing one", () => {
    assert.deepEqual(
      PREVIOUS_CHARTS.map(({ pinned }) => pinned),
      [LOKI_CHART, ALLOY_CHART],
    );
    for (const { pinned, previous } of PREVIOUS_CHARTS) assert.notEqual(previous, pinned.version);
    const folder = mkdtempSync(join(tmpdir(), "logging-charts-"));
    try {
      const missing = missingPreviousCharts(folder);
      assert.equal(missing.length, PREVIOUS_CHARTS.length);
      for (const [i, { pinned, previous }] of PREVIOUS_CHARTS.entries())
        assert.match(
          missing[i] ?? "",
          new RegExp(`^helm pull ${pinned.name} .*--version ${previous} .*${pinned.name}-${previous}"$`),
        );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
