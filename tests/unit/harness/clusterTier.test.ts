// What the cluster tier is made of, as far as it needs no cluster.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ALLOY_CHART } from "../../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import { missingPreviousCharts, PREVIOUS_CHARTS } from "../../harness/pulumi/previousCharts.ts";
import { Tally } from "../../harness/summary.ts";

describe("the last lines of the cluster tier", () => {
  const end = (name: string, type: string, skip?: string) => ({ name, details: { type }, ...(skip && { skip }) });

  it("count a suite that is skipped as a whole, for its tests are not told of", () => {
    const tally = new Tally();
    tally.pass(end("the doctor", "suite", "kubectl is not on PATH"));
    tally.pass(end("comes up", "test"));
    tally.pass(end("two stacks", "suite"));
    assert.deepEqual(tally.lines, [
      "skipped 1: the doctor: kubectl is not on PATH",
      "",
      "1 passed, 0 failed, 1 skipped",
    ]);
    assert.equal(tally.ok, true);
  });

  it("call a run that found nothing a failure", () => {
    const tally = new Tally();
    assert.deepEqual([tally.lines.at(-1), tally.ok], ["0 passed, 1 failed, 0 skipped", false]);
    tally.fail(end("comes up", "test"));
    assert.deepEqual([tally.lines.at(-1), tally.ok], ["0 passed, 1 failed, 0 skipped", false]);
  });
});

describe("the charts that an upgrade comes from", () => {
  it("are not the pinned ones, and each that is missing has its command", () => {
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
