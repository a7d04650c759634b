import assert from "node:assert/strict";
import { it } from "node:test";
import { shares } from "../../../../bench/previewTime/reportTime.ts";

it("counts overlapping calls once, and the time of no call as the report's own", () => {
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
