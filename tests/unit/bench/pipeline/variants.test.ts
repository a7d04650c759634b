import assert from "node:assert/strict";
import { it } from "node:test";
import { changedVariant } from "../../../../bench/pipeline/variants.ts";

it("refuses a comparison in the wrong format", () => {
  assert.throws(() => changedVariant("zstd"), /--with needs name=/);
  assert.equal(changedVariant('zstd={"loki":{}}').name, "zstd");
});
