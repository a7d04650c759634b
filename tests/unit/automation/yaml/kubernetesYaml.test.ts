// tests/charts/valuesThroughHelm.test.ts shows that the real helm reads the same.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { readManifests, writeYaml } from "../../../../automation/yaml/kubernetesYaml.ts";
import { ODD_SCALARS } from "../../../harness/engineScalars.ts";

describe("what is written for helm", () => {
  /** Reads it as parsers of both versions of YAML do, and as Kubernetes does. */
  function assertUnchanged(value: object): void {
    const text = writeYaml(value);
    assert.deepEqual(parse(text), value, text);
    assert.deepEqual(parse(text, { version: "1.1" }), value, text);
    assert.deepEqual(readManifests(text), [value], text);
  }

  for (const text of [...ODD_SCALARS, "a\nb", "a\n", "\na", " a\nb", "a\n\n b \n", "\t", "a\r\nb", "k".repeat(200)])
    it(`is read alike by every parser: ${JSON.stringify(text)}`, () =>
      assertUnchanged({ text, list: [text], [text]: { [text]: text }, lines: `${text}\n${text}` }));

  it("is read alike by every parser: any JSON value", () => {
    const json = fc.jsonValue({ stringUnit: "binary" }).map((value) => JSON.parse(JSON.stringify({ value })));
    fc.assert(fc.property(json, assertUnchanged), { numRuns: 500 });
  });

  it("is easy to read: words without quotes, texts of several lines as blocks", () => {
    assert.equal(
      writeYaml({ env: "prod", "a b": ["no", "/var/log"], config: "a {\n\tb = 1\n}\n", url: "https://x:9000" }),
      'env: prod\na b:\n  - "no"\n  - "/var/log"\nconfig: |\n  a {\n  \tb = 1\n  }\nurl: https://x:9000\n',
    );
  });
});

describe("what a chart renders is read as Kubernetes reads it:", () => {
  const cases: Array<[yaml: string, value: unknown]> = [
    ["a: no\nb: Off\nc: y", { a: false, b: false, c: true }],
    ["a: 0777\nb: 0o17\nc: 1_000", { a: 511, b: 15, c: 1000 }],
    ["a: 1:30\nb: 2025-01-01", { a: "1:30", b: "2025-01-01" }],
    ['a: "no"\nb: !!str no', { a: "no", b: "no" }],
    ["a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}", { a: { b: 1, c: 2 }, d: { b: 1, c: 3 } }],
    ["a: {1: b, on: c}", { a: { 1: "b", true: "c" } }],
  ];
  for (const [yaml, value] of cases) it(JSON.stringify(yaml), () => assert.deepEqual(readManifests(yaml), [value]));

  it("empty documents are left out", () => assert.deepEqual(readManifests("---\n# c\n---\na: 1\n---\n"), [{ a: 1 }]));
  it("what is not YAML is an error", () => assert.throws(() => readManifests("a: [")));
});
