import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf } from "../../../../automation/promises/causes.ts";
import type { Values } from "../../../../components/helm/mergeValues.ts";

/** What a hatch breaks is in its text: `!a` breaks the promise a. `+a` does so in two places together. */
const breaks = async (part: Values): Promise<Set<string>> => {
  const text = JSON.stringify(part);
  const together = [...text.matchAll(/\+(\w)/g)].map(([, name = ""]) => name);
  return new Set([
    ...[...text.matchAll(/!(\w)/g)].map(([, name = ""]) => name),
    ...together.filter((name, i) => together.indexOf(name) !== i),
  ]);
};
const causes = async (hatch: Values): Promise<Record<string, string[]>> =>
  Object.fromEntries(await causesOf(hatch, await breaks(hatch), breaks, "loki.values"));

describe("the cause of a broken promise", () => {
  it("is the smallest value that breaks it alone", async () => {
    assert.deepEqual(await causes({ a: { b: { c: "!x", d: 1 }, e: 2 }, f: "!y" }), {
      x: ["loki.values.a.b.c"],
      y: ["loki.values.f"],
    });
  });

  it("may be several values", async () => {
    assert.deepEqual(await causes({ a: "!x", b: { c: "!x", d: 1 } }), { x: ["loki.values.a", "loki.values.b.c"] });
  });

  it("is the part that holds all values that break it only together", async () => {
    assert.deepEqual(await causes({ a: { b: "+x", c: "+x", d: 1 }, e: 2 }), { x: ["loki.values.a"] });
    assert.deepEqual(await causes({ a: "+x", b: "+x" }), { x: ["loki.values"] });
  });

  it("is one entry of a list of maps, and the whole of any other list", async () => {
    assert.deepEqual(await causes({ a: [{ b: 1 }, { b: "!x" }], c: ["!y", "z"] }), {
      x: ["loki.values.a[1]"],
      y: ["loki.values.c"],
    });
    assert.deepEqual(await causes({ a: [{ b: "!x", c: 1 }] }), { x: ["loki.values.a[0]"] });
  });

  it("shows a key with dots in quotes", async () => {
    assert.deepEqual(await causes({ labels: { "app.kubernetes.io/name": "!x", y: 1 } }), {
      x: ['loki.values.labels."app.kubernetes.io/name"'],
    });
  });

  it("renders nothing where there is only one value", async () => {
    const never = async (): Promise<Set<string>> => assert.fail("rendered");
    assert.deepEqual(
      await causesOf({ a: { b: { c: 1 } } }, new Set(["x"]), never, "loki.values"),
      new Map([["x", ["loki.values.a.b.c"]]]),
    );
  });
});
