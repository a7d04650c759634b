import assert from "node:assert/strict";
import { it } from "node:test";
import { idOf, lineOf } from "../../../harness/runningStack/ledger.ts";

it("every line contains its id and is the same each time", () => {
  for (let n = 1; n < 1000; n++) {
    const text = lineOf("ns-0/pod-1/7", n);
    assert.equal(idOf(text), "ns-0/pod-1/7");
    assert.equal(text, lineOf("ns-0/pod-1/7", n));
    assert.equal(idOf(text.slice(5)), undefined, "half a line has no id");
  }
});
