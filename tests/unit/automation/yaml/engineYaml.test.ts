// Compares the reader of stack files with what the real Pulumi engine reads. tests/charts/engineScalars.test.ts records that.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readStackFile } from "../../../../automation/plan/stackFiles.ts";
import { AsWritten, type Finding, InvalidArgumentsError } from "../../../../components/findings.ts";
import { linesWith, ODD_SCALARS, recordedScalars } from "../../../harness/engineScalars.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
after(() => rmSync(folder, { recursive: true }));

/** The config of a stack file with this content, or the problems for which it is refused. */
function read(content: string | Uint8Array): { config?: Record<string, string>; problems: readonly Finding[] } {
  const file = join(folder, "Pulumi.a.yaml");
  writeFileSync(file, content);
  try {
    return { config: readStackFile("a", file).config, problems: [] };
  } catch (error) {
    if (error instanceof InvalidArgumentsError) return { problems: error.problems };
    throw error;
  }
}

/** The value of `key` in a file with only that. */
function readKey(scalar: string): { value?: unknown; problems: readonly Finding[] } {
  const { config, problems } = read(`config:\n  logging:map:\n    key: ${scalar}\n`);
  return config ? { value: JSON.parse(config["logging:map"] ?? "").key, problems } : { problems };
}

describe("an odd scalar is read as the engine reads it, or refused:", () => {
  it("all of them are in the table", () => {
    assert.deepEqual(
      recordedScalars().map(([scalar]) => scalar),
      ODD_SCALARS,
    );
  });

  for (const [scalar, ...engine] of recordedScalars()) {
    it(JSON.stringify(scalar), () => {
      const { config, problems } = read(`config:\n${linesWith(scalar, 0)}`);
      if (!config) {
        assert.ok(problems.length > 0 && problems.every(({ text, fix }) => text && fix));
        return;
      }
      const [text, value] = engine;
      assert.ok(engine.length > 0, `the engine refuses it; read as ${JSON.stringify(config)}`);
      assert.equal(config["logging:top0"], text);
      assert.deepEqual(JSON.parse(config["logging:map0"] ?? "").key, value);
    });
  }

  it("of those that the engine reads, only these are refused", () => {
    const refused = recordedScalars().flatMap(([scalar, ...engine]) =>
      engine.length > 0 && readKey(scalar).problems.length > 0 ? [scalar] : [],
    );
    assert.deepEqual(refused, [
      // Numbers that lose their zeros, and some of them their value
      ...[
        "00",
        "000",
        "01",
        "007",
        "08",
        "09",
        "010",
        "0336",
        "0777",
        "-017",
        "+017",
        "0123456789",
        "0888",
        "0_7",
        "0_8",
      ],
      // Dates, or close to one
      ...["2025-01-01", "2025-1-1", "2025-13-45", "2025-01-01T00:00:00Z", "2025-01-01t12:30:00.5+02:00"],
      ...["2025-01-01 00:00:00", "2025-01-01 1:2:3"],
      // Text that the engine changes
      ...['"\\na"', '" \\na"'],
      // Tags
      ...["!!int 12", "!!float 1", "!!binary YQ==", "!!timestamp 2025-01-01", "!custom x", "! x", "!"],
      ...["[1, 02]", "{a: 07}", "[?x]", "a\ufeff", "0_", "0__7"],
    ]);
  });
});

describe("the fix for a refused scalar", () => {
  /** The values that a fix offers. */
  const offered = (fix: string): string[] =>
    [...fix.matchAll(/(?:write|quote it:) ((?:"(?:[^"\\]|\\.)*"|[^;"]+))/g)].map(([, value = ""]) => value);

  // The number of an account: https://github.com/pulumi/pulumi-aws/issues/4897, https://github.com/pulumi/pulumi/issues/11518
  for (const scalar of [
    "0336",
    "052812345678",
    "012345678912",
    "08",
    "-017",
    "0_17",
    "2025-01-01",
    "2025-01-01 00:00:00",
    ".inf",
    "-.Inf",
    ".nan",
  ]) {
    it(`for ${scalar} is accepted, and keeps the text`, () => {
      const [problem] = readKey(scalar).problems;
      assert.equal(problem?.subject, "map.key");
      const values = offered(problem?.fix ?? "").map((value) => readKey(value).value);
      assert.ok(values.includes(scalar), problem?.fix);
      assert.ok(!values.includes(undefined), problem?.fix);
    });
  }

  it("for an octal number is the decimal number that a person reads", () => {
    assert.deepEqual(readKey("0336").problems[0], {
      subject: "map.key",
      given: new AsWritten("0336"),
      text: "a number without leading zeros, or text in quotes: Pulumi drops leading zeros, and reads octal where it can",
      fix: 'write 336; if it is text, quote it: "0336"',
    });
  });

  it("never shows a value that may be a secret", () => {
    for (const lines of ["  minioAdminPassword: 012345", "  logging:loki: {values: {x: {password: 2025-01-01}}}"]) {
      const { problems } = read(`config:\n${lines}\n`);
      assert.equal(problems.length, 1);
      assert.doesNotMatch(JSON.stringify(problems), /12345|5349|2025/);
    }
  });
});

describe("a stack file", () => {
  const accepted: Record<string, [content: string | Uint8Array, config: Record<string, string>]> = {
    "with merge keys: an own key wins, then the first map": [
      "x: &a {p: 1, q: 1}\ny: &b {q: 2, r: 2}\nconfig:\n  m:\n    r: 3\n    <<: [*a, *b]\n  n: {<<: *b}\n",
      { "logging:m": '{"r":3,"p":1,"q":1}', "logging:n": '{"q":2,"r":2}' },
    ],
    "with a quoted << as a key": ['config: {m: {"<<": 1}}\n', { "logging:m": '{"<<":1}' }],
    "with numbers as keys": ["config:\n  m: {1: a, true: b}\n", { "logging:m": '{"1":"a","true":"b"}' }],
    "with the long form of a key": ["config: {logging:config:m: x}\n", { "logging:m": "x" }],
    "with keys without a value": ["config:\n  m:\n  n: {o: }\n", { "logging:m": "", "logging:n": '{"o":null}' }],
    "with nothing below config": ["secretsprovider: passphrase\nconfig:\n", {}],
    "with a byte order mark": ["\ufeffconfig: {m: x}\n", { "logging:m": "x" }],
    "in UTF-16 with a byte order mark": [
      Buffer.from("\ufeffconfig: {m: \u00e9}\n", "utf16le"),
      { "logging:m": "\u00e9" },
    ],
    "in UTF-16 with the bytes the other way round": [
      Buffer.from("\ufeffconfig: {m: x}\n", "utf16le").swap16(),
      { "logging:m": "x" },
    ],
    "with Windows line breaks": ["config:\r\n  m: |\r\n    a\r\n    b\r\n", { "logging:m": "a\nb\n" }],
    "with line breaks of an old Mac": ["config:\r  m: x\r  n: y\r", { "logging:m": "x", "logging:n": "y" }],
    "with a large number, as exact text": ["config: {m: 9007199254740993}\n", { "logging:m": "9007199254740993" }],
    "with a key of JavaScript": ['config: {m: {"__proto__": 1}}\n', { "logging:m": '{"__proto__":1}' }],
    "with tabs inside text": [
      'config:\n  m: "a\\tb"\n  n: |\n    a\n    \tc\n',
      { "logging:m": "a\tb", "logging:n": "a\n\tc\n" },
    ],
  };
  for (const [what, [content, config]] of Object.entries(accepted)) {
    it(`${what} is read as the engine reads it`, () => assert.deepEqual(read(content), { config, problems: [] }));
  }

  const refused: Record<string, [content: string | Uint8Array, subject: string, fix: RegExp]> = {
    "in UTF-16 without a byte order mark": [Buffer.from("config: {}\n", "utf16le"), "line 1, column 2", /UTF-8.*iconv/],
    "in Latin 1": [Buffer.from("config: {m: \u00e9}\n", "latin1"), "the file", /save the file as UTF-8.*WINDOWS-1252/],
    "with a byte order mark inside": ["config:\n  m: \ufeffx\n", "line 2, column 6", /delete the character/],
    "with a line break of Unicode": ["config:\n  m: a\u2028b\n", "line 2, column 7", /delete the character/],
    "with a key twice": ["config:\n  m: 1\n  m: 2\n", "line 3, column 3", /keep one of the two/],
    "with a key twice, once with its namespace": [
      "config:\n  m: 1\n  logging:m: 2\n",
      "logging:m",
      /keep one of the two/,
    ],
    "with a date as a key": ["config:\n  m: {2025-01-01: x}\n", "m.2025-01-01", /quote it: "2025-01-01"/],
    "with an octal key": ["config:\n  m: {010: x}\n", "m.010", /quote it: "010"/],
    "with a key of several words": ["config:\n  m: {? [a, b] : x}\n", "m.?", /write the key as text/],
    "with a number at the level of the config": ["config: {1: x}\n", "1", /quote it/],
    "with a key of three parts": ["config: {a:b:c: x}\n", "a:b:c", /correct the key/],
    "with two documents": ["config: {}\n---\nconfig: {}\n", "line 2, column 1", /remove what follows/],
    "with a directive": ["%YAML 1.1\n---\nconfig: {}\n", "line 1, column 1", /remove the line/],
    "with a tag": ["config:\n  m: !!binary YQ==\n", "m", /remove the tag/],
    "with a tab before a value": ["config:\n  m:\n  -\tx\n", "line 3, column 4", /spaces/],
    "with an alias of itself": ["config:\n  m: &a [*a]\n", "m[0][0]", /write the value out/],
    "with a merge of text": ["config:\n  m: {<<: x}\n", "m.<<", /name an anchor on a map/],
    "with a list below config": ["config: [a]\n", "config", /below config:/],
    "with text only": ["config\n", "the file", /below config:/],
    "with text that the engine would change": ['config: {m: "\\nx"}\n', "m", /remove the empty line/],
    "with half a character": ['config: {m: "\\ud83d"}\n', "m", /the character itself/],
    "with a question mark between braces": ["config:\n  m: {a: x?y}\n", "m.a", /quote it: "x\?y"/],
  };
  for (const [what, [content, subject, fix]] of Object.entries(refused)) {
    it(`${what} is refused`, () => {
      const { problems } = read(content);
      assert.equal(problems[0]?.subject, subject, JSON.stringify(problems));
      assert.match(problems[0]?.fix ?? "", fix);
    });
  }
});
