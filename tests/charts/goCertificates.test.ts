// Which certificates the real Go loads. The table that it leaves in tests/fixtures is what the unit tests compare with.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { before, describe, it } from "node:test";
import { readBundle } from "../../components/certificates/bundle.ts";
import { readCertificate } from "../../components/certificates/certificate.ts";
import { certificateFiles, damaged, derOf, pemOf, randomNumbers, recordedCopies } from "../harness/certificateFiles.ts";
import { assertFixture } from "../harness/fixture.ts";
import { programMissing } from "../harness/programs.ts";
import { folder } from "./runProgram.ts";

describe("Go", { skip: programMissing("go") }, () => {
  const program = join(folder, "certificates");

  before(() => {
    const cwd = resolve(import.meta.dirname, "../harness/programs/certificates");
    execFileSync("go", ["build", "-o", program, "."], { cwd, env: { ...process.env, CGO_ENABLED: "0" } });
  });

  /** How many certificates Go loads from each file. */
  function loaded(files: ReadonlyArray<string | Uint8Array>): number[] {
    const input = files
      .map((file) => JSON.stringify(Buffer.from(file as string, "latin1").toString("base64")))
      .join("\n");
    const output = execFileSync(program, { input, encoding: "utf8", maxBuffer: 2 ** 28 });
    return output.trim().split("\n").map(Number);
  }

  const files = certificateFiles();

  it("loads the certificates that the table has", () => {
    const rows = [...files].map(([name, pem]) => {
      const results = loaded(recordedCopies(name, pem).map(pemOf));
      return `  ${JSON.stringify(name)}: ${JSON.stringify(results.join(""))}`;
    });
    assertFixture("goLoads.json", `{\n${rows.join(",\n")}\n}\n`);
  });

  it("refuses a second colon in the host of an address, as programs built with the Go of Loki do", () => {
    const der = derOf(files.get("p256.pem") ?? Buffer.alloc(0)).toString("latin1");
    const [oneColon, twoColons] = ["https://minio.interna:1/", "https://minio.intern::1/"].map((address) =>
      Buffer.from(der.replace("https://minio.internal/x", address), "latin1"),
    ) as [Buffer, Buffer];
    assert.deepEqual(loaded([oneColon, twoColons].map(pemOf)), [1, 0]);
    assert.equal(
      taken(() => readCertificate(twoColons)),
      false,
    );
  });

  it("loads a certificate if and only if the check takes it", () => {
    const seed = Date.now() % 2 ** 31;
    const random = randomNumbers(seed);
    const copies = [...files.values()].flatMap((pem) => Array.from({ length: 300 }, () => damaged(derOf(pem), random)));
    for (const [i, count] of loaded(copies.map(pemOf)).entries()) {
      const der = copies[i] ?? Buffer.alloc(0);
      assert.equal(
        taken(() => readCertificate(der)),
        count === 1,
        `seed ${seed}: ${der.toString("base64")}`,
      );
    }
  });

  it("loads every certificate of each file that the check takes", () => {
    const seed = Date.now() % 2 ** 31;
    const random = randomNumbers(seed);
    const bundles = Array.from({ length: 3000 }, () => damagedText(random));
    for (const [i, count] of loaded(bundles).entries()) {
      const text = bundles[i] ?? "";
      const bundle = readBundle(Buffer.from(text, "latin1"), "ca.pem");
      if ("problem" in bundle) continue;
      assert.equal(
        count,
        new Set(text.match(/-----BEGIN[^-]*-----[^-]*/g)?.map(contentOf)).size,
        `seed ${seed}: ${JSON.stringify(text)}`,
      );
    }
  });

  const contentOf = (block: string): string => block.replace(/^.*-----|\s/g, "");

  const taken = (read: () => unknown): boolean => {
    try {
      read();
      return true;
    } catch {
      return false;
    }
  };

  const PIECES = [
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\xef\xbb\xbf",
    "-",
    "-----",
    "#",
    ":",
    "=",
    "Proc-Type: 4\n",
    "TRUSTED ",
    "X509 ",
    "a: b\n\n",
    "\0",
  ];

  /** Two certificates in one file, with something wrong near an edge. */
  function damagedText(random: () => number): string {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const [a, b] = [files.get("p256.pem"), files.get("ed25519.pem")].map((pem) => pem?.toString("latin1") ?? "");
    let text = pick([
      `${a}${b}`,
      `${a}\n${b}`,
      `# a\n${a}`,
      `${a?.trimEnd()}${b}`,
      `${a?.replaceAll("\n", "\r\n")}${b}`,
    ]);
    for (let changes = Math.floor(random() * 3); changes > 0; changes -= 1) {
      const edge = pick([...text.matchAll(/-----(BEGIN|END)[^-]*-----/g)]);
      const place = edge ? edge.index + pick([0, -1, 5, 11, edge[0].length, edge[0].length + 1]) : 0;
      text =
        text.slice(0, Math.max(0, place)) + pick(PIECES) + text.slice(Math.max(0, place) + Math.floor(random() * 2));
    }
    return text;
  }
});
