import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { load, problemAt, refusal, stackFile } from "../../../harness/plannedStack.ts";
import { describeMistakes } from "./mistakes.ts";

/** Expired on 2021-01-02; made with `openssl req -x509 -days 1`. */
const EXPIRED_CA = "tests/fixtures/expired-ca.pem";

describeMistakes("a CA", [
  {
    what: "a CA file that does not exist",
    change: (c) => {
      c.objectStorage.caFile = "certs/none.pem";
    },
    path: "objectStorage.caFile",
    given: "certs/none.pem",
    allowed: /a PEM file in the repository/,
    fix: /commit the CA certificate/,
  },
  {
    what: "a folder in place of a CA file",
    change: (c) => {
      c.objectStorage.caFile = "certs";
    },
    path: "objectStorage.caFile",
    given: "certs",
    allowed: /a PEM file in the repository/,
    fix: /commit the CA certificate/,
  },
  {
    what: "the certificate in place of the name of its file",
    change: (c) => {
      c.objectStorage.caFile = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    },
    path: "objectStorage.caFile",
    given: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    allowed: /without line breaks/,
    fix: /^write the certificate to a file, such as certs\/ca\.pem, and name the file here$/,
  },
  {
    what: "a CA file that is not PEM",
    change: (c) => {
      c.objectStorage.caFile = "package.json";
    },
    path: "objectStorage.caFile",
    given: "package.json",
    allowed: /BEGIN CERTIFICATE/,
    fix: /openssl x509 -inform der/,
  },
  {
    what: "an expired CA",
    change: (c) => {
      c.objectStorage.caFile = EXPIRED_CA;
    },
    path: "objectStorage.caFile",
    given: EXPIRED_CA,
    allowed: /Expired CA.* expired on 20\d\d-\d\d-\d\d/,
    fix: /current certificate/,
  },
  {
    what: "a CA for a plain HTTP endpoint",
    change: (c) => {
      Object.assign(c.objectStorage, { endpoint: "http://minio.internal.company:9000", allowPlainHttp: true });
    },
    path: "objectStorage.caFile",
    given: "certs/minio-internal-company-ca.pem",
    allowed: /no CA, because the endpoint is plain HTTP/,
    fix: /https:\/\/ endpoint, or remove caFile/,
  },
]);

const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe("a CA bundle", () => {
  it("is refused with a damaged certificate", async () => {
    const caFile = file("damaged.pem", "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n");
    const problem = problemAt(
      await refusal(
        stackFile((c) => {
          c.objectStorage.caFile = caFile;
        }),
      ),
      "objectStorage.caFile",
    );
    assert.match(problem.text, /certificates that Go can read; it refuses not a certificate.*; see line 1$/);
  });

  it("is refused with a private key, and the key is not shown", async () => {
    const caFile = file("key.pem", "-----BEGIN PRIVATE KEY-----\nPLANTED\n-----END PRIVATE KEY-----\n");
    const error = await refusal(
      stackFile((c) => {
        c.objectStorage.caFile = caFile;
      }),
    );
    assert.ok(
      error?.problems.some((p) => p.subject === "objectStorage.caFile" && /remove the private key/.test(p.fix)),
    );
    assert.ok(!error?.message.includes("PLANTED"));
  });

  it("reaches the cluster without carriage returns", async () => {
    const pem = readFileSync("certs/minio-internal-company-ca.pem", "utf8");
    const caFile = file("windows.pem", pem.replaceAll("\n", "\r\n"));
    const { resolved } = await load(
      stackFile((c) => {
        c.objectStorage.caFile = caFile;
      }),
    );
    assert.equal(resolved.objectStorage.ca?.pem, pem);
  });

  it("is refused with a byte order mark, with the command that removes it", async () => {
    const caFile = "tests/fixtures/certificates/byte-order-mark.pem";
    const problem = problemAt(
      await refusal(
        stackFile((c) => {
          c.objectStorage.caFile = caFile;
        }),
      ),
      "objectStorage.caFile",
    );
    assert.equal(problem.given, caFile);
    assert.match(problem.text, /no byte order mark before -----BEGIN.*; see line 1$/);
    assert.match(problem.fix, /^perl -pi -e .*byte-order-mark\.pem$/);
  });
});
