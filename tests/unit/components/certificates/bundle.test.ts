import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readBundle } from "../../../../components/certificates/bundle.ts";
import { certificateFiles } from "../../../harness/certificateFiles.ts";
import { onPath } from "../../../harness/programs.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
after(() => rmSync(folder, { recursive: true }));

const files = certificateFiles();
const [A, B] = ["p256.pem", "rsa.pem"].map((name) => files.get(name)?.toString("latin1") ?? "") as [string, string];
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

describe("a CA file is taken", () => {
  const taken: Readonly<Record<string, [file: string, certificates: number]>> = {
    "with one certificate": [A, 1],
    "with two": [A + B, 2],
    "with an empty line between them": [`${A}\n\n${B}`, 2],
    "with Windows line ends": [(A + B).replaceAll("\n", "\r\n"), 2],
    "without a newline at its end": [A.trimEnd(), 1],
    "with texts around the certificates, as openssl and curl write them": [
      `# MinIO\nsubject=CN = x\n${A}\n\xef\xbb\xbf# next\n${B}`,
      2,
    ],
    "with spaces at the ends of lines": [A.replaceAll("\n", " \n"), 1],
  };
  for (const [what, [text, count]] of Object.entries(taken))
    it(what, () => {
      const bundle = readBundle(latin1(text), "ca.pem");
      assert.equal("certificates" in bundle ? bundle.certificates.length : bundle.problem.text, count);
    });
});

describe("a CA file from which Go would not load every certificate is refused with the line:", () => {
  const refused: Readonly<Record<string, [file: Buffer, text: RegExp]>> = {
    "a byte order mark": [latin1(`\xef\xbb\xbf${A}`), /byte order mark .*line 1$/],
    "a byte order mark between two files": [latin1(`${A}\xef\xbb\xbf${B}`), /byte order mark .*line \d\d$/],
    "two files without a newline between them": [latin1(A.trimEnd() + B), /no newline at its end; see line \d\d$/],
    "line ends of an old Mac": [latin1(A.replaceAll("\n", "\r")), /a carriage return is alone; see line 1$/],
    "an indented certificate, as from a YAML file": [
      latin1(A.replace(/^/gm, "    ")),
      /beginning of its line; see line 1$/,
    ],
    "UTF-16, as PowerShell writes": [Buffer.from(`\ufeff${A}`, "utf16le"), /this file is UTF-16/],
    "UTF-16 without a mark": [Buffer.from(A, "utf16le"), /this file is UTF-16/],
    "UTF-16 with the bytes the other way round": [Buffer.from(A, "utf16le").swap16(), /this file is UTF-16/],
    "a trusted certificate of OpenSSL": [
      latin1(A.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE")),
      /TRUSTED CERTIFICATE, which Go leaves out/,
    ],
    "the old name": [latin1(A.replaceAll("CERTIFICATE", "X509 CERTIFICATE")), /X509 CERTIFICATE, which Go leaves out/],
    "header lines": [latin1(A.replace("-----\n", "-----\nfriendlyName: MinIO\n\n")), /without header lines/],
    "a request": [
      latin1(B + A.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST")),
      /CERTIFICATE REQUEST, which Go leaves out/,
    ],
    "a certificate cut off": [latin1(A + B.slice(0, 300)), /a whole certificate.*line \d\d$/],
    "a beginning that is missing": [latin1(A + B.slice(28)), /a BEGIN line before the END line in line \d\d/],
    "a damaged beginning": [latin1(A + B.slice(1)), /a whole certificate/],
    "base64 with a character that it does not have": [latin1(A.replace("MII", "M*I")), /a whole certificate/],
    "a certificate that Go refuses": [
      files.get("negative-serial.pem") ?? Buffer.alloc(0),
      /negative serial number.*; see line 1$/,
    ],
    "no certificate": [latin1("MinIO\n"), /PEM certificates/],
    nothing: [latin1(""), /PEM certificates/],
  };
  for (const [what, [bytes, text]] of Object.entries(refused))
    it(what, () => {
      const bundle = readBundle(bytes, "ca.pem");
      assert.ok("problem" in bundle);
      assert.match(bundle.problem.text, text);
      assert.notEqual(bundle.problem.fix, "");
    });

  const PROGRAMS = ["sh", "perl", "iconv", "openssl"];
  const missing = PROGRAMS.filter((name) => !onPath(name)).join(", ");
  for (const [what, [bytes]] of Object.entries(refused).slice(0, 11))
    it(`the command for ${what} corrects the file`, { skip: missing ? `not on PATH: ${missing}` : false }, () => {
      const file = join(folder, "ca.pem");
      writeFileSync(file, bytes);
      const bundle = readBundle(bytes, file);
      assert.ok("problem" in bundle);
      const fixed = bundle.problem.fix.replace(/NEW$/, join(folder, "new.pem"));
      execFileSync("sh", ["-c", fixed]);
      const corrected = readFileSync(/NEW$/.test(bundle.problem.fix) ? join(folder, "new.pem") : file);
      assert.ok(
        "certificates" in readBundle(corrected, file),
        `${fixed}: ${corrected.toString("latin1").slice(0, 80)}`,
      );
    });
});

it("awk 1, as docs/operations.md puts files together, makes a file that is taken", {
  skip: onPath("awk") ? false : "awk is not on PATH",
}, () => {
  const [old, added] = ["old.pem", "new.pem"].map((name) => join(folder, name)) as [string, string];
  writeFileSync(old, A.trimEnd());
  writeFileSync(added, B);
  assert.match(readFileSync("docs/operations.md", "utf8"), /^ +awk 1 \S+ new-ca\.pem > both\.pem$/m);
  assert.ok("certificates" in readBundle(execFileSync("awk", ["1", old, added]), "both.pem"));
  assert.ok("problem" in readBundle(execFileSync("cat", [old, added]), "both.pem"));
});
