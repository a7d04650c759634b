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

/** Loki's name for the only tenant there is without `auth_enabled`. Its chunks are `fake/<stream>/<from>:<through>:<checksum>`. */
const TENANT = "fake/";

/** MinIO's clock and this machine's may differ a little. */
const CLOCKS_APART_MS = 5_000;

/**
 * Looks for a chunk written since `since`, and ends at the first: a bucket has millions, in the order of their streams' hashes,
 * where nothing says which are new. A flush writes one for every stream that is written to, so the first few pages have one.
 *
 * @returns its key, or nothing when the whole listing has none.
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
    // Also what is still on its way: nobody waits for the rest of the page.
    agent.destroy();
  }
}
