import { readFileSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { addAbortSignal } from "node:stream";
import { Client } from "minio";
import type { ResolvedArgs } from "../../components/args.ts";

/** Loki's own key to its bucket. */
export interface StorageKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Loki's name for its only tenant without `auth_enabled`. Chunks are `fake/<stream>/<from>:<through>:<checksum>`. */
const TENANT = "fake/";

/** MinIO's clock and this machine's may differ a little. */
const CLOCKS_APART_MS = 5_000;

/**
 * Finds the first chunk in the listing that was written since `since`. A bucket has millions of chunks, sorted by the hashes of their
 * streams and not by time. A flush writes a chunk for every active stream, so the first few pages have one.
 *
 * @returns the chunk's bucket and key, or `undefined` when the whole listing has no new chunk.
 */
export async function newChunk(
  objectStorage: ResolvedArgs["objectStorage"],
  keys: StorageKeys,
  since: Date,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { bucket, ca, host, pathStyle, port, region, tls } = objectStorage;
  const agent = tls ? new HttpsAgent({ ...(ca && { ca: readFileSync(ca.file) }) }) : new HttpAgent();
  const s3 = new Client({ endPoint: host, port, useSSL: tls, region, pathStyle, ...keys, transportAgent: agent });
  const listing = addAbortSignal(signal, s3.listObjectsV2(bucket, TENANT, true));
  try {
    for await (const object of listing) {
      const { lastModified, name } = object as { lastModified?: Date; name?: string };
      if (name && lastModified && lastModified.getTime() > since.getTime() - CLOCKS_APART_MS)
        return `${bucket}/${name}`;
    }
    return undefined;
  } finally {
    // Drops the rest of the page, which may still be arriving.
    agent.destroy();
  }
}
