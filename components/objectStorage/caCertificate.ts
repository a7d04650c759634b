import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import { readBundle } from "../certificates/bundle.ts";
import type { Certificate } from "../certificates/certificate.ts";
import type { Findings } from "../findings.ts";

/** A CA bundle in the repository. */
export interface CaCertificate {
  /** Path relative to the project, where the MinIO provider reads it. An absolute path would differ between machines. */
  readonly file: string;
  readonly pem: string;
  /** When the first of its certificates expires, seconds since 1970. */
  readonly expires: number;
}

const EXPIRES_SOON_DAYS = 45;

/**
 * Reads and checks a CA bundle. Reports what is not a file, a private key, anything that Loki and the MinIO provider would not load, and a
 * certificate that has expired or will expire soon.
 */
export function checkCaCertificate(
  file: string,
  path: string,
  findings: Findings,
  now = new Date(),
): CaCertificate | undefined {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    findings.problem({
      subject: path,
      given: file,
      text: "a PEM file in the repository, relative to Pulumi.yaml",
      fix: "commit the CA certificate of MinIO (without its key) and name it here",
    });
    return undefined;
  }
  const bytes = readFileSync(file);
  if (bytes.includes("PRIVATE KEY")) {
    findings.problem({
      subject: path,
      given: file,
      text: "certificates only",
      fix: "remove the private key from the file, and make a new one: it has been in the repository",
    });
  }
  const bundle = readBundle(bytes, file);
  if ("problem" in bundle) {
    findings.problem({ subject: path, given: file, ...bundle.problem });
    return undefined;
  }
  for (const certificate of bundle.certificates) checkExpiry(certificate, file, path, findings, now);
  // A carriage return would reach the pods.
  const pem = bytes.toString("utf8").replace(/\r\n?/g, "\n");
  const expires = Math.min(...bundle.certificates.map(({ end }) => end.getTime())) / 1000;
  const inProject = relative(".", file);
  if (!inProject.startsWith("..")) return { file: inProject, pem, expires };
  findings.warn(
    `${path}: ${file} is outside the project. Commit it: on a machine with another path, the MinIO provider shows as changed.`,
  );
  return { file, pem, expires };
}

function checkExpiry({ subject, end }: Certificate, file: string, path: string, findings: Findings, now: Date): void {
  const days = Math.floor((end.getTime() - now.getTime()) / 86_400_000);
  findings.check(days >= 0, {
    subject: path,
    given: file,
    text: `a certificate that is valid; ${subject} expired on ${end.toISOString().slice(0, 10)}`,
    fix: "get the CA's current certificate from MinIO's operators and commit it",
  });
  if (days >= 0 && days < EXPIRES_SOON_DAYS)
    findings.warn(`${path}: ${subject} expires in ${days} days, on ${end.toISOString().slice(0, 10)}.`);
}
