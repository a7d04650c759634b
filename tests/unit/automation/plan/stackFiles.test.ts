import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readStackFile } from "../../../../automation/plan/stackFiles.ts";
import type { InvalidArgumentsError } from "../../../../components/findings.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
after(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe("a stack file", () => {
  it("is read as the engine hands it over: objects as JSON, scalars as text, keys with their namespace", () => {
    const path = file(
      "a.yaml",
      "config:\n  logging:cluster: {name: a, n: 1}\n  namespace: logs\n  logging:flag: true\n  minio:x: y\n",
    );
    assert.deepEqual(readStackFile("a", path), {
      stack: "a",
      config: {
        "logging:cluster": '{"name":"a","n":1}',
        "logging:namespace": "logs",
        "logging:flag": "true",
        "minio:x": "y",
      },
      secretKeys: [],
    });
  });

  it("keeps its secrets: placeholders are letters and digits", () => {
    const path = file(
      "b.yaml",
      "encryptionsalt: v1:x\nconfig:\n  logging:minioAdminPassword: {secure: v1:cipher}\n  logging:o: {a: [{secure: v1:cipher}], b: 2}\n",
    );
    const { config, secretKeys } = readStackFile("b", path);
    assert.deepEqual(secretKeys, ["logging:minioAdminPassword", "logging:o"]);
    assert.match(config["logging:minioAdminPassword"] ?? "", /^[A-Za-z0-9]+$/);
    assert.ok(!JSON.stringify(config).includes("cipher"));
    assert.equal(JSON.parse(config["logging:o"] ?? "").b, 2);
  });

  it("has nothing at its top that the engine would skip, and delete with its next write", () => {
    for (const [key, fix] of [
      ["logging:monitoring", /move it below config:/],
      ["Config", /did you mean config\?/],
      ["\u00a0\u00a0logging:monitoring", /delete what stands before the key/],
      ["encryptionSalt", /did you mean encryptionsalt\?/],
      ["monitoring", /move it below config:/],
    ] as const) {
      const path = file("top.yaml", `config:\n  logging:cluster: {name: a}\n${key}:\n  kind: none\n`);
      assert.throws(
        () => readStackFile("a", path),
        ({ problems: [problem, ...others] }: InvalidArgumentsError) => {
          assert.deepEqual([problem?.subject, others], [key, []]);
          assert.match(problem?.fix ?? "", fix);
          return true;
        },
      );
    }
    const all = "secretsprovider: s\nencryptedkey: k\nencryptionsalt: v1:x\nenvironment: [e]\nx-pods: &pods {a: 1}\n";
    assert.deepEqual(readStackFile("a", file("known.yaml", all)).config, {});
  });

  it("shows no secret in clear that YAML takes for a tag, an anchor or an alias", () => {
    for (const [i, value] of ["!PLANTED", "&PLANTED$ x", "*PLANTED", "@PLANTED", "%PLANTED", "`PLANTED`"].entries())
      for (const key of ["objectStorageSecretKey", "imageRegistryCredentials", "minio:minioPassword"]) {
        const path = file(`${key.replace(":", "-")}-${i}.yaml`, `config:\n  ${key}: ${value}\n`);
        assert.throws(
          () => readStackFile("d", path),
          ({ message }: Error) => /1 problem/.test(message) && !message.includes("PLANTED"),
          `${key}: ${value}`,
        );
      }
  });

  it("with a mistake in its YAML is refused with the fix for what a person has done", () => {
    for (const [content, place, fix] of [
      ["  logging:a:\n    n: 1\n    m:2\n    o: 3\n", "line 4, column 5", /^write a space behind the colon/],
      [
        "  logging:a:\n    n: 1\n<<<<<<< HEAD\n    m: 2\n=======\n",
        "line 4, column 1",
        /^resolve the conflict that git/,
      ],
      [
        "  logging:a:\n    n: 1\n\u00a0\u00a0\u00a0\u00a0m: 2\n    o: 3\n",
        "line 4, column 8",
        /^replace the spaces that do not break/,
      ],
      ["  logging:a:\n    n: 1\n\tm: 2\n", "line 4, column 1", /^indent with spaces$/],
      [
        "  logging:a: {n: 1}\n  logging:a: {n: 1}\n",
        "line 3, column 3",
        /^keep one of the two, with what is below both/,
      ],
      ["  logging:a: {n: 1}\n---\nconfig:\n", "line 3, column 1", /^remove what follows the second ---$/],
      ["  logging:a: [1\n  logging:b: 2\n", "line 3, column 3", /^correct the line; an editor/],
    ] as const)
      assert.throws(
        () => readStackFile("a", file("mistake.yaml", `config:\n${content}`)),
        ({ problems: [problem] }: InvalidArgumentsError) => {
          assert.match(problem?.fix ?? "", fix);
          assert.equal(problem?.subject, place);
          assert.doesNotMatch(problem?.text ?? "", /please use/);
          return true;
        },
      );
  });

  it("may be empty", () => {
    assert.deepEqual(readStackFile("c", file("c.yaml", "")), { stack: "c", config: {}, secretKeys: [] });
  });
});
