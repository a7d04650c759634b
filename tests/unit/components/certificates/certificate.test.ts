// Compares the check of certificates with what the real Go loads. tests/charts/goCertificates.test.ts records that.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readCertificate } from "../../../../components/certificates/certificate.ts";
import { DerError } from "../../../../components/certificates/der.ts";
import { certificateFiles, derOf, recordedCopies, recordedLoads } from "../../../harness/certificateFiles.ts";

const files = certificateFiles();

/** Why a certificate is refused. Empty if it is not. */
function refusalOf(der: Buffer): string {
  try {
    readCertificate(der);
    return "";
  } catch (error) {
    assert.ok(error instanceof DerError, String(error));
    return error.message;
  }
}

describe("a certificate is taken if and only if Go loads it, and so is each of its damaged copies:", () => {
  for (const [name, loads] of Object.entries(recordedLoads()))
    it(name, () => {
      const copies = recordedCopies(name, files.get(name) ?? Buffer.alloc(0));
      assert.equal(copies.map((der) => (refusalOf(der) === "" ? 1 : 0)).join(""), loads);
    });
});

describe("a certificate that OpenSSL takes and Go does not is refused with the part that Go refuses:", () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    "secp256k1.pem": /the curve of its key/,
    "brainpool.pem": /the curve of its key/,
    "explicit-curve.pem": /the curve of its key/,
    "negative-serial.pem": /its negative serial number/,
    "critical-key-identifier.pem": /subject key identifier, which is marked critical/,
    "policy-twice.pem": /certificate policies/,
    "bad-uri.pem": /subject alternative name/,
  };
  for (const [name, reason] of Object.entries(reasons))
    it(name, () => assert.match(refusalOf(derOf(files.get(name) ?? Buffer.alloc(0))), reason));
});

it("subject and end of a certificate are read from it", () => {
  const { subject, end } = readCertificate(derOf(files.get("rsa.pem") ?? Buffer.alloc(0)));
  assert.equal(subject, "C=DE, O=Firma & Söhne, OU=IT, CN=MinIO CA");
  assert.equal(end.getUTCFullYear(), 2036);
});
