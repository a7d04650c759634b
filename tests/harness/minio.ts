import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { Client } from "minio";
import { CertificateAuthority } from "./certificates.ts";
import { freePort, start, until } from "./processes.ts";
import type { Programs } from "./programs.ts";

/** Keys of a MinIO user. */
export interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The MinIO that all clusters share, with TLS by a private CA. */
export interface MinioServer {
  readonly endpoint: string;
  readonly ca: CertificateAuthority;
  readonly admin: Keys;
  client(keys: Keys): Client;
}

/** @param host an address of this machine, which whoever is to use it reaches. */
export async function startMinio({ program }: Programs, parent: string, host = "127.0.0.1"): Promise<MinioServer> {
  const folder = join(parent, "minio");
  const certificates = join(folder, "certs");
  mkdirSync(certificates, { recursive: true });
  const ca = new CertificateAuthority(program.openssl, folder, "minio-ca");
  const files = { certificate: join(certificates, "public.crt"), key: join(certificates, "private.key") };
  ca.issue("minio", files, `IP:${host}`);
  const admin = { accessKey: "admin", secretKey: randomBytes(20).toString("hex") };
  const port = await freePort();
  start(
    "minio",
    program.minio,
    ["server", "--quiet", "--address", `${host}:${port}`, "--certs-dir", certificates, join(folder, "data")],
    {
      folder,
      env: {
        MINIO_ROOT_USER: admin.accessKey,
        MINIO_ROOT_PASSWORD: admin.secretKey,
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
      },
    },
  );
  const transportAgent = new Agent({ ca: ca.pem, keepAlive: true });
  const client = ({ accessKey, secretKey }: Keys): Client =>
    // A region spares the client the question for one, which the policy does not allow.
    new Client({
      endPoint: host,
      port,
      useSSL: true,
      region: "us-east-1",
      accessKey,
      secretKey,
      transportAgent,
    });
  await until("MinIO", () => client(admin).listBuckets());
  return { endpoint: `https://${host}:${port}`, ca, admin, client };
}

/** What MinIO says to a request: `ok`, or the code of its error. */
export const answer = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => "ok",
    (error: { code?: string; message?: string }) => error.code ?? error.message ?? "error",
  );

/** Lists a bucket to its end. */
export const listObjects = async (client: Client, bucket: string): Promise<string[]> => {
  const names: string[] = [];
  for await (const item of client.listObjectsV2(bucket, "", true)) names.push((item as { name: string }).name);
  return names;
};
