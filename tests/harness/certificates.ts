import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Files of one certificate. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

const LOOPBACK = "IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc";

/** A private CA. It is valid for 90 days, longer than the period in which the program warns of an expiry. */
export class CertificateAuthority {
  readonly folder: string;
  readonly name: string;
  readonly certificate: string;
  readonly #openssl: string;
  readonly #key: string;

  constructor(openssl: string, folder: string, name: string) {
    this.#openssl = openssl;
    this.folder = folder;
    this.name = name;
    this.certificate = join(folder, `${name}.crt`);
    this.#key = join(folder, `${name}.key`);
    this.#run(
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", `/CN=${name}`],
      ["-keyout", this.#key, "-out", this.certificate],
    );
  }

  /** PEM of the CA. */
  get pem(): string {
    return readFileSync(this.certificate, "utf8");
  }

  /** Issues a server certificate. @param subjects subject alternative names. Default: those of loopback. */
  issue(name: string, files = this.#files(name), subjects = LOOPBACK): CertificateFiles {
    const request = join(this.folder, `${name}.csr`);
    const extensions = join(this.folder, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${subjects}\n`);
    this.#run(["req", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${name}`, "-keyout", files.key, "-out", request]);
    this.#run(
      ["x509", "-req", "-in", request, "-CA", this.certificate, "-CAkey", this.#key, "-CAcreateserial"],
      ["-days", "90", "-extfile", extensions, "-out", files.certificate],
    );
    return files;
  }

  #files(name: string): CertificateFiles {
    return { certificate: join(this.folder, `${name}.crt`), key: join(this.folder, `${name}.key`) };
  }

  #run(...args: string[][]): void {
    execFileSync(this.#openssl, args.flat(), { stdio: ["ignore", "ignore", "pipe"] });
  }
}

/** The key pair that signs service account tokens. */
export function writeServiceAccountKeys(folder: string): { publicKey: string; privateKey: string } {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const files = { publicKey: join(folder, "service-accounts.pub"), privateKey: join(folder, "service-accounts.key") };
  writeFileSync(files.publicKey, pair.publicKey);
  writeFileSync(files.privateKey, pair.privateKey, { mode: 0o600 });
  return files;
}
