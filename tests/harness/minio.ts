import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { Client } from "minio";
import { CertificateAuthority } from "./certificates.ts";
import { freePort, kill, start, until } from "./processes.ts";

/** Keys of a MinIO user. */
export interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** What a MinIO server differs in from another one. */
export interface MinioOptions {
  /** Folder of the run. The server's data, certificates and log go to `minio/` in it. */
  readonly parent: string;
  /** The name or address that clients use. */
  readonly host: string;
  readonly port: number;
  /** Subject alternative names of the certificate, as openssl reads them. */
  readonly subjects: string;
  /** The address to listen on. Default: every one. */
  readonly listen?: string;
  /** A command to run the server with, such as nsenter and its options. */
  readonly runWith?: readonly string[];
  readonly env?: Record<string, string>;
}

/** A real MinIO with TLS by a private CA. */
export class Minio {
  /** The CA that clients accept. */
  ca: CertificateAuthority;
  readonly admin: Keys = { accessKey: "admin", secretKey: randomBytes(20).toString("hex") };
  protected readonly folder: string;
  readonly #program: string;
  readonly #options: MinioOptions;

  constructor(programs: { readonly minio: string; readonly openssl: string }, options: MinioOptions) {
    this.#program = programs.minio;
    this.#options = options;
    this.folder = join(options.parent, "minio");
    mkdirSync(this.#certificates, { recursive: true });
    this.ca = new CertificateAuthority(programs.openssl, this.folder, "minio-ca");
    this.issueCertificate(this.ca);
  }

  get endpoint(): string {
    return `https://${this.#options.host}:${this.#options.port}`;
  }

  get #certificates(): string {
    return join(this.folder, "certs");
  }

  /** Gives the server a new certificate. MinIO uses it at once. */
  issueCertificate(ca: CertificateAuthority): void {
    const files = { certificate: join(this.#certificates, "public.crt"), key: join(this.#certificates, "private.key") };
    ca.issue("minio", files, this.#options.subjects);
  }

  async start(): Promise<void> {
    this.launch();
    await this.answers();
  }

  /** Starts the process and does not wait for it. */
  launch(): void {
    const { listen = "", port, runWith = [], env } = this.#options;
    const server = [this.#program, "server", "--quiet", "--address", `${listen}:${port}`];
    const [command = "", ...args] = [
      ...runWith,
      ...server,
      "--certs-dir",
      this.#certificates,
      join(this.folder, "data"),
    ];
    start("minio", command, args, {
      folder: this.folder,
      env: {
        MINIO_ROOT_USER: this.admin.accessKey,
        MINIO_ROOT_PASSWORD: this.admin.secretKey,
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
        ...env,
      },
    });
  }

  async answers(): Promise<void> {
    await until("MinIO", () => this.client(this.admin).listBuckets());
  }

  /** Ends the server without warning, as a node does that loses power. */
  kill(): Promise<void> {
    return kill("minio");
  }

  /** A client with these keys, and by default with the CA of the server. */
  client({ accessKey, secretKey }: Keys, ca = this.ca.pem): Client {
    // Without a region the client asks MinIO for one, which the policy does not allow.
    return new Client({
      endPoint: this.#options.host,
      port: this.#options.port,
      useSSL: true,
      region: "us-east-1",
      accessKey,
      secretKey,
      transportAgent: new Agent({ ca, keepAlive: true }),
    });
  }
}

/** Starts a MinIO on a free port. @param host an address of this machine that its clients reach. */
export async function startMinio(
  programs: { readonly minio: string; readonly openssl: string },
  parent: string,
  host = "127.0.0.1",
): Promise<Minio> {
  const minio = new Minio(programs, { parent, host, listen: host, port: await freePort(), subjects: `IP:${host}` });
  await minio.start();
  return minio;
}

/** MinIO's answer to a request: `ok`, or the code of its error. */
export const answer = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => "ok",
    (error: { code?: string; message?: string }) => error.code ?? error.message ?? "error",
  );

/** Names of all objects in a bucket. */
export const listObjects = async (client: Client, bucket: string): Promise<string[]> => {
  const names: string[] = [];
  for await (const item of client.listObjectsV2(bucket, "", true)) names.push((item as { name: string }).name);
  return names;
};
