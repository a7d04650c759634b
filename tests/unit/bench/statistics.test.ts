import assert from "node:assert/strict";
import { it } from "node:test";
import { median } from "../../../bench/statistics.ts";

it("takes the middle number, or the mean of the two in the middle", () => {
  assert.equal(median([9, 1, 2]), 2);
  assert.equal(median([9, 1, 2, 4]), 3);
});
