import assert from "node:assert/strict";
import { it } from "node:test";
import { ratio } from "../../../../bench/previewTime/interleaved.ts";

it("compares round by round, not median with median", () => {
  const times = new Map([
    ["slow", [2, 4, 30]],
    ["fast", [1, 4, 10]],
  ]);
  assert.equal(ratio(times, "slow", "fast"), "2.00 (1.00 to 3.00)");
});
