// Checks a certificate as Go does. OpenSSL, and so Node, takes certificates that Go refuses: Loki and the MinIO provider would leave them
// out without a word. https://github.com/golang/go/blob/go1.26.5/src/crypto/x509/parser.go

import { DerError, DerReader, TAG } from "./der.ts";
import { directoryName } from "./directoryName.ts";
import { extensionProblem } from "./extensions.ts";
import { checkPublicKey } from "./publicKey.ts";

/** Whose a certificate is, and when it ends. */
export interface Certificate {
  readonly subject: string;
  readonly end: Date;
}

/**
 * Reads a certificate as Go's `x509.ParseCertificate` does.
 *
 * @throws {DerError} which names the part that Go refuses.
 */
export function readCertificate(der: Uint8Array): Certificate {
  const file = new DerReader(der, "not a certificate");
  const certificate = file.inside(TAG.sequence);
  if (!file.isEmpty) throw new DerError("something follows the certificate");
  const tbs = certificate.inside(TAG.sequence, "the certificate");
  const version = tbs.optional(TAG.partAround(0), "the version");
  const number = version?.integer({ bits: 64 }) ?? 0n;
  if (number < 0n || number > 2n || version?.isEmpty === false) throw new DerError("the version");
  if (tbs.integer() < 0n) throw new DerError("its negative serial number");
  const algorithm = tbs.content(TAG.sequence);
  if (!Buffer.from(algorithm).equals(certificate.content(TAG.sequence)))
    throw new DerError("the signature's algorithm, which is written twice and differs");
  algorithmOf(new DerReader(algorithm, "the signature's algorithm"));
  directoryName(tbs, "the issuer");
  const validity = tbs.inside(TAG.sequence, "the validity");
  validity.time();
  const end = validity.time();
  const subject = directoryName(tbs, "the subject");
  const key = tbs.inside(TAG.sequence, "the public key");
  checkPublicKey(algorithmOf(key.inside(TAG.sequence)), key.bits());
  if (number > 0n) for (const n of [1, 2]) tbs.optional(TAG.part(n));
  if (number === 2n) checkExtensions(tbs);
  certificate.bits();
  return { subject, end };
}

/** An algorithm and its parameters. */
export function algorithmOf(reader: DerReader): { readonly algorithm: string; readonly parameters: Uint8Array } {
  const algorithm = reader.objectIdentifier();
  return { algorithm, parameters: reader.isEmpty ? new Uint8Array() : reader.any().whole };
}

function checkExtensions(tbs: DerReader): void {
  const extensions = tbs.optional(TAG.partAround(3), "the extensions")?.inside(TAG.sequence);
  const all: Array<Parameters<typeof extensionProblem>> = [];
  while (extensions && !extensions.isEmpty) {
    const extension = extensions.inside(TAG.sequence);
    const id = extension.objectIdentifier();
    const critical = extension.has(TAG.boolean) && extension.boolean();
    if (all.some(([other]) => other === id)) throw new DerError(`the extension ${id}, which is there twice`);
    all.push([id, extension.content(TAG.octetString), critical]);
  }
  for (const extension of all) {
    const problem = extensionProblem(...extension);
    if (problem) throw new DerError(problem);
  }
}
