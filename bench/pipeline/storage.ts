import { until } from "../../tests/harness/processes.ts";
import { type RunningStack, startLokiWithEmptyDisks } from "../../tests/harness/runningStack/runningStack.ts";
import { sum } from "../statistics.ts";
import type { StorageFigures } from "./figures.ts";

interface StoredObject {
  readonly name: string;
  readonly size: number;
}

/** Starts Loki with empty disks, waits until it has compacted the index, and measures the bucket. @param log prints progress. */
export async function measureStorage(running: RunningStack, log: (text: string) => void): Promise<StorageFigures> {
  // The compactor waits this long before its first run.
  for (const pod of running.cluster.component("backend")) pod.container.args.push("-compactor.compaction-interval=15s");
  // Readers then find only what MinIO has.
  await startLokiWithEmptyDisks(running);
  await until("compaction of the index", async () => isCompacted(await list(running)), {
    timeoutMs: 240_000,
    everyMs: 3000,
  }).catch((error) => log(`the index was not compacted: ${(error as Error).message}`));
  const objects = await list(running);
  const chunks = objects.filter(({ name }) => name.startsWith("fake/"));
  return {
    chunks: { count: chunks.length, bytes: sum(chunks.map(({ size }) => size)) },
    indexBytes: sum(objects.filter(isIndex).map(({ size }) => size)),
  };
}

const isIndex = ({ name }: StoredObject): boolean => name.startsWith("index/");

/** The compactor leaves one file for each day. */
function isCompacted(objects: readonly StoredObject[]): boolean {
  const tables = objects.filter(isIndex).filter(({ name }) => name.includes(".tsdb"));
  return tables.length > 0 && tables.length === new Set(tables.map(({ name }) => name.split("/")[1])).size;
}

async function list({ store, stack }: RunningStack): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const item of store.client(store.admin).listObjectsV2(stack.bucket, "", true)) {
    const { name, size } = item as Partial<StoredObject>;
    objects.push({ name: name ?? "", size: size ?? 0 });
  }
  return objects;
}
