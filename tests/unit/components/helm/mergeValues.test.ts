import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { mergeValues, type Values } from "../../../../components/helm/mergeValues.ts";
import { plan, stackFile, valuesOf } from "../../../harness/plannedStack.ts";

describe("values are merged as Helm merges files", () => {
  const values = fc.letrec((tie) => ({
    map: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.string(), fc.constant(null), fc.array(fc.integer()), tie("map")),
  })).map as fc.Arbitrary<Values>;

  it("maps are merged key by key; lists, scalars and null replace", () => {
    assert.deepEqual(
      mergeValues(
        { a: { b: 1, c: [1, 2] }, d: "x", e: { f: 1 }, g: { h: 1 } },
        { a: { b: 2, c: [3] }, d: { y: 1 }, e: null, g: 7, i: true },
      ),
      { a: { b: 2, c: [3] }, d: { y: 1 }, e: null, g: 7, i: true },
    );
  });

  it("the upper values are always in the result, and keys that they do not name stay", () => {
    fc.assert(
      fc.property(values, values, (base, over) => {
        const merged = mergeValues(base, over);
        assert.deepEqual(mergeValues(merged, over), merged);
        assert.deepEqual(new Set(Object.keys(merged)), new Set([...Object.keys(base), ...Object.keys(over)]));
        for (const key of Object.keys(base)) if (!Object.hasOwn(over, key)) assert.deepEqual(merged[key], base[key]);
        assert.deepEqual(mergeValues(base, {}), base);
        assert.deepEqual(mergeValues({}, over), over);
      }),
    );
  });

  it("neither input is changed", () => {
    const [base, over] = [{ a: { b: 1 } }, { a: { c: 2 } }];
    mergeValues(base, over);
    assert.deepEqual([base, over], [{ a: { b: 1 } }, { a: { c: 2 } }]);
  });

  it("the escape hatch of each release changes its values and leaves the rest", async () => {
    const changed = await plan(
      stackFile((c) => {
        c.loki.values = { loki: { limits_config: { max_line_size: "512KB" } }, write: { podAnnotations: { a: "b" } } };
        c.alloy.values = { controller: { podAnnotations: { a: "b" } } };
      }),
    );
    const loki = valuesOf(changed, "loki");
    assert.equal(loki.loki.limits_config.max_line_size, "512KB");
    assert.equal(loki.loki.limits_config.retention_period, "336h");
    assert.equal(loki.write.replicas, 3);
    assert.deepEqual(loki.write.podAnnotations, { a: "b" });
    const alloy = valuesOf(changed, "alloy");
    assert.equal(alloy.controller.podAnnotations.a, "b");
    assert.equal(alloy.controller.type, "daemonset");
  });
});
