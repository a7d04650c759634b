import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { isMap, mergeValues, type Values } from "../../../../components/helm/mergeValues.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { plan, planOf, stackFile, valuesOf } from "../../../harness/plannedStack.ts";

/** Every list of maps in values, with its path. */
const listsOfMaps = (values: Loose, path: string[] = []): Array<[path: string[], list: Loose[]]> =>
  Object.entries(values).flatMap(([key, value]): Array<[string[], Loose[]]> => {
    if (Array.isArray(value)) return value.length > 0 && value.every(isMap) ? [[[...path, key], value]] : [];
    return isMap(value) ? listsOfMaps(value, [...path, key]) : [];
  });

describe("values are merged as Helm merges files, but for lists of maps", () => {
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

  it("a list of maps keeps its entries, merges those with the same key, and puts others before them", () => {
    const merged = (base: unknown, over: unknown) => mergeValues({ list: base }, { list: over }).list;
    const secret = (name: string) => ({ secretRef: { name } });
    const configMap = { configMapRef: { name: "corporate-proxy" } };
    // Of two sources with the same variable, the last one wins.
    assert.deepEqual(merged([secret("keys")], [configMap]), [configMap, secret("keys")]);
    assert.deepEqual(merged([secret("keys")], [{ ...secret("keys"), prefix: "X_" }]), [
      { ...secret("keys"), prefix: "X_" },
    ]);
    assert.deepEqual(
      merged(
        [{ name: "A", value: "1" }],
        [
          { name: "B", value: "2" },
          { name: "A", value: "3" },
        ],
      ),
      [
        { name: "B", value: "2" },
        { name: "A", value: "3" },
      ],
    );
    const mount = (mountPath: string, name = "ca") => ({ name, mountPath });
    assert.deepEqual(
      merged([mount("/ca")], [mount("/other")]),
      [mount("/other"), mount("/ca")],
      "one volume, two mounts",
    );
    assert.deepEqual(merged([mount("/ca")], [mount("/ca", "mine")]), [mount("/ca", "mine")]);
    const toleration = (effect: string) => ({ key: "workload", operator: "Exists", effect });
    assert.deepEqual(merged([toleration("NoSchedule")], [toleration("NoExecute")]), [
      toleration("NoExecute"),
      toleration("NoSchedule"),
    ]);
    assert.deepEqual(merged([toleration("NoSchedule")], [toleration("NoSchedule")]), [toleration("NoSchedule")]);
    assert.deepEqual(merged([secret("keys")], []), [secret("keys")]);
    assert.equal(merged([secret("keys")], null), null);
    assert.deepEqual(merged(["a"], ["b"]), ["b"], "a list of texts is one value");
  });

  it("what the stack has in a list survives every list in an escape hatch", async () => {
    const own = await planOf("prod-aks-a");
    for (const release of ["loki", "alloy"] as const) {
      const values = valuesOf(own, release);
      const lists = listsOfMaps(values);
      assert.ok(lists.length >= 5, release);
      for (const [path, list] of lists) {
        const over = path.reduceRight<unknown>(
          (inner, key) => ({ [key]: inner }),
          [{ name: "mine", mountPath: "/mine" }],
        );
        const merged = path.reduce<Loose>((map, key) => map[key], mergeValues(values, over as Values));
        for (const entry of list)
          assert.ok(
            merged.some((other: unknown) => isDeepStrictEqual(other, entry)),
            path.join("."),
          );
        assert.equal(merged.length, list.length + 1, path.join("."));
      }
    }
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
    assert.equal(loki.loki.runtimeConfig.overrides.fake.retention_period, "336h");
    assert.equal(loki.write.replicas, 3);
    assert.deepEqual(loki.write.podAnnotations, { a: "b" });
    const alloy = valuesOf(changed, "alloy");
    assert.equal(alloy.controller.podAnnotations.a, "b");
    assert.equal(alloy.controller.type, "daemonset");
  });
});
