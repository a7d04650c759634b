import assert from "node:assert/strict";
import { it } from "node:test";
import { changedVariant, seedVariant, withReaders } from "../../../../bench/pipeline/variants.ts";

it("refuses a comparison in the wrong format", () => {
  assert.throws(() => changedVariant("zstd"), /--with needs name=/);
  assert.equal(changedVariant('zstd={"loki":{}}').name, "zstd");
});

it("gives readers changed values of Loki, and asks them the variant's own queries", async () => {
  assert.throws(() => withReaders(seedVariant, "hourly"), /--readers needs name=/);
  const rendered: unknown[] = [];
  const variant = { ...seedVariant, render: async (...inputs: unknown[]) => rendered.push(inputs) as never };
  const { name, queries, render } = withReaders(variant, 'hourly={"loki":{"a":1}}');
  await render("ca.crt");
  assert.deepEqual(
    { name, queries, rendered },
    { name: "hourly", queries: seedVariant.queries, rendered: [["ca.crt", { a: 1 }]] },
  );
});
