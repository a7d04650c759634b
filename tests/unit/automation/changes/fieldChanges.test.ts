import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { fieldChanges } from "../../../../automation/changes/fieldChanges.ts";
import { CHANGED_SECRET, SECRET } from "../../../../automation/plan/secretMarks.ts";

const paths = (before: unknown, after: unknown): string[] => fieldChanges(before, after).map(({ path }) => path);

describe("fields that differ", () => {
  it("are found by name in lists of named entries, in any order", () => {
    const container = (name: string, image: string) => ({ name, image, env: [{ name: "A", value: "1" }] });
    assert.deepEqual(
      fieldChanges(
        { spec: { containers: [container("nginx", "1"), container("exporter", "1")] } },
        { spec: { containers: [container("new", "1"), container("nginx", "2"), container("exporter", "1")] } },
      ).map(({ op, path }) => `${op} ${path}`),
      ["changed spec.containers[nginx].image", "added spec.containers[new]"],
    );
    assert.deepEqual(paths([{ name: "a" }, { name: "b" }], [{ name: "b" }, { name: "a" }]), ["[order]"]);
  });

  it("are found by metadata.name in volume claims, by path in mounts, by day in schema periods", () => {
    const claims = (size: string) => [{ metadata: { name: "data" }, spec: { size } }];
    assert.deepEqual(paths({ c: claims("1Gi") }, { c: claims("2Gi") }), ["c[data].spec.size"]);
    const mounts = (name: string) => [
      { name: "x", mountPath: "/a" },
      { name, mountPath: "/b" },
    ];
    assert.deepEqual(paths({ m: mounts("x") }, { m: mounts("y") }), ["m[/b].name"]);
    assert.deepEqual(
      paths({ s: [{ from: "2025-01-01", schema: "v12" }] }, { s: [{ from: "2025-01-01", schema: "v13" }] }),
      ["s[2025-01-01].schema"],
    );
  });

  it("are lines in lists of texts and in files, and fields in files of YAML", () => {
    assert.deepEqual(fieldChanges({ args: ["-a", "-b"] }, { args: ["-a", "-c", "-b"] })[0]?.lines, ["+-c"]);
    const file = (a: number) => ({
      data: { "config.yaml": stringify({ limits: { a, b: 2 } }), "x.conf": `one\n${a}\n` },
    });
    const [config, text] = fieldChanges(file(1), file(2));
    assert.deepEqual(config, { path: 'data."config.yaml".limits.a', op: "changed", before: 1, after: 2 });
    assert.deepEqual(text, { path: 'data."x.conf"', op: "changed", lines: ["-1", "+2"] });
    assert.deepEqual(
      fieldChanges({ data: { "c.yaml": "a: 1\n# old\n" } }, { data: { "c.yaml": "a: 1\n# new\n" } })[0]?.lines,
      ["-# old", "+# new"],
      "a comment changes the checksum too",
    );
  });

  it("are none between equal objects", () => {
    for (const value of [null, {}, { a: [1, { b: null }] }, { t: "a\nb\n" }, { l: ["x"] }])
      assert.deepEqual(fieldChanges(value, structuredClone(value)), []);
  });

  it("never show a secret, but show that it changed", () => {
    const env = (value: string) => ({ env: [{ name: "MINIO_SECRET_KEY", value }] });
    assert.deepEqual(fieldChanges(env("abcdefgh1"), env("abcdefgh2")), [
      { path: "env[MINIO_SECRET_KEY].value", op: "changed", before: SECRET, after: CHANGED_SECRET },
    ]);
    assert.deepEqual(fieldChanges({ data: { x: "b25l" } }, { data: { x: "dHdv", y: "dHdv" } }, ["data"]), [
      { path: "data.x", op: "changed", before: SECRET, after: CHANGED_SECRET },
      { path: "data.y", op: "added", after: SECRET },
    ]);
    const texts = [
      fieldChanges({ c: "a\npassword = hunter2hunter2\n" }, { c: "a\npassword = hunter3hunter3\n" }),
      fieldChanges({ url: "https://u:hunter2@host" }, { url: "https://u:hunter3@host" }),
      fieldChanges({}, { values: { a: { token: "hunter2", n: 1 } } }),
      fieldChanges({ s: "[secret 00aa11]" }, { s: "[secret 22bb33]" }),
      fieldChanges({ data: { "c.conf": "x\n" } }, { data: { "c.conf": "hunter2\n" } }, ["data"]),
      fieldChanges({ data: { "c.conf": "x\ny\n" } }, { data: { "c.conf": "x\nhunter2\n" } }, ["data"]),
    ].map((changes) => JSON.stringify(changes));
    for (const text of texts) {
      assert.match(text, /\[secret/);
      assert.doesNotMatch(text, /hunter|00aa11|22bb33/);
    }
  });
});
