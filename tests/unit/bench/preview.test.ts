import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shares } from "../../../bench/preview/reportTime.ts";
import { difference, median, ratio } from "../../../bench/preview/rounds.ts";

describe("the benchmark of preview", () => {
  it("compares round by round, not median with median", () => {
    const times = new Map([
      ["slow", [2, 4, 30]],
      ["fast", [1, 4, 10]],
    ]);
    assert.equal(ratio(times, "slow", "fast"), "2.00 (1.00 to 3.00)");
    assert.equal(difference(times, "slow", "fast"), "+1.00");
    assert.equal(difference(times, "fast", "slow"), "−1.00");
  });

  it("takes the middle, or the mean of both", () => {
    assert.equal(median([9, 1, 2]), 2);
    assert.equal(median([9, 1, 2, 4]), 3);
  });

  it("counts what ran side by side once, and what no call explains as the report's own", () => {
    const call = (program: string, args: string, begun: number, ended: number) => ({ program, args, begun, ended });
    const seen = shares(10, [
      call("pulumi", "version", 1, 1.5),
      call("pulumi", "stack select --stack a", 1.5, 2),
      call("pulumi", "preview --stack a", 2, 6),
      call("helm", "template loki", 6, 8),
      call("helm", "template alloy", 6.5, 7),
      call("helm", "template loki", 7.5, 8.5),
    ]);
    assert.deepEqual(seen, { total: 10, preview: 4, cli: 1, rendering: 2.5, own: 2.5 });
  });
});
