import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createZstdDecompress } from "node:zlib";
import type { RunningStack } from "./runningStack.ts";

/** First bytes of what zstd compressed. https://www.rfc-editor.org/rfc/rfc8878#name-zstandard-frames */
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** All that the bucket's objects hold, as text: each object as it is, and what is compressed in it. */
export async function textInBucket({ store, stack }: RunningStack): Promise<string> {
  const client = store.client(stack.storageKeys);
  const names = (await client.listObjectsV2(stack.bucket, "", true).toArray()).map(
    ({ name }: { name: string }) => name,
  );
  const texts = names.map(async (name: string) => {
    const chunks: Buffer[] = [];
    for await (const chunk of await client.getObject(stack.bucket, name)) chunks.push(chunk);
    const object = Buffer.concat(chunks);
    return object.toString("latin1") + (await decompressed(object)).toString("utf8");
  });
  return (await Promise.all(texts)).join("\n");
}

/** Everything that zstd compressed somewhere in a file. */
async function decompressed(file: Buffer): Promise<Buffer> {
  const found: Buffer[] = [];
  for (let at = file.indexOf(ZSTD); at >= 0; ) {
    const next = file.indexOf(ZSTD, at + 1);
    const stream = createZstdDecompress();
    stream.end(file.subarray(at, next < 0 ? file.length : next));
    try {
      for await (const chunk of stream) found.push(chunk);
    } catch {
      // What follows a frame is not compressed.
    }
    at = next;
  }
  return Buffer.concat(found);
}

/** All that the files of a folder hold, as text. */
export const textInFolder = (folder: string): string =>
  (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
