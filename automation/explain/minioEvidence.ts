import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { Client } from "minio";
import type { Finding } from "../../components/findings.ts";
import { explainErrors } from "./explainErrors.ts";

/** How a MinIO is reached. */
export interface MinioAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly region: string;
  readonly pathStyle?: boolean;
  /** PEM file of a private CA. */
  readonly caFile?: string;
}

/** Keys of a MinIO user. */
export interface MinioKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

const agentOf = ({ tls, caFile }: MinioAddress): Agent | undefined =>
  tls && caFile ? new Agent({ ca: readFileSync(caFile) }) : undefined;

/** A client whose connections trust the private CA. */
export function minioClient(address: MinioAddress, keys: MinioKeys): Client {
  const { host, port, tls, region, pathStyle = true } = address;
  const agent = agentOf(address);
  return new Client({
    endPoint: host,
    port,
    useSSL: tls,
    region,
    pathStyle,
    ...keys,
    ...(agent && { transportAgent: agent }),
  });
}

/** The server's date, or why it does not answer within 10 seconds. Any HTTP status is an answer. */
export async function minioDate(address: MinioAddress): Promise<{ date: number } | { error: string }> {
  const { host, port, tls } = address;
  const { request } = tls ? await import("node:https") : await import("node:http");
  const agent = agentOf(address);
  const url = `${tls ? "https" : "http"}://${host}:${port}/minio/health/live`;
  return new Promise((done) => {
    const call = request(url, { method: "GET", timeout: 10_000, ...(agent && { agent }) }, (response) => {
      response.resume();
      done({ date: Date.parse(response.headers.date ?? "") || Date.now() });
    });
    call.on("timeout", () => call.destroy(new Error("ETIMEDOUT: no answer in 10 seconds")));
    call.on("error", ({ message, code }: NodeJS.ErrnoException) => done({ error: `${code ?? ""} ${message}` }));
    call.end();
  });
}

/** Why MinIO refuses these keys. Empty if it accepts them. */
export async function refusedKeys(address: MinioAddress, keys: MinioKeys): Promise<Finding[]> {
  try {
    await minioClient(address, keys).listBuckets();
    return [];
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    return minioFindings(`minio: ${code} ${message}`, "MinIO's admin key");
  }
}

/** The finding if no keys are given. */
export const NO_KEYS: Finding = {
  subject: "MinIO's admin key",
  text: "is not given",
  fix: "pulumi config set minioAdminUser, pulumi config set --secret minioAdminPassword; or the variables MINIO_USER and MINIO_PASSWORD",
};

/** The explanation of an error, or the error itself. */
export function minioFindings(error: string, subject: string): Finding[] {
  const known = explainErrors([error]);
  const fix = "check objectStorage.endpoint and caFile, and that this machine reaches it";
  return known.length > 0 ? known : [{ subject, text: error.trim(), fix }];
}
