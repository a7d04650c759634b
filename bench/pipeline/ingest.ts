import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../../tests/harness/pods/cluster.ts";
import type { Pod } from "../../tests/harness/pods/pod.ts";
import { until } from "../../tests/harness/processes.ts";
import { podLogsOf, type RunningStack } from "../../tests/harness/runningStack/runningStack.ts";
import { sum } from "../statistics.ts";
import { feed } from "./feed.ts";
import { type IngestFigures, METHODS, type Part, perPart, type Requests } from "./figures.ts";
import type { LogInput } from "./logInput.ts";

/** Feeds all lines, waits until they are in MinIO, and stops the writers. @param log prints progress. */
export async function measureIngest(
  input: LogInput,
  running: RunningStack,
  seconds: number,
  log: (text: string) => void,
): Promise<IngestFigures> {
  const { cluster } = running;
  const parts = podsByPart(cluster);
  const writers = parts.write;
  const cpuBefore = cpuSeconds(cluster);
  const requestsBefore = await countRequests(running);
  const started = performance.now();
  const elapsed = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`;

  await feed(input, (node) => podLogsOf(running.folder, node), seconds);
  log(`fed in ${elapsed()}`);
  await until("all lines at Loki", async () => (await received(writers)) >= input.lines, {
    timeoutMs: 600_000,
    everyMs: 1000,
  });
  log(`delivered after ${elapsed()}`);
  for (const writer of writers) await flush(writer);
  const cpuAfter = cpuSeconds(cluster);
  const peakMiB = perPart((part) => Math.max(0, ...parts[part].map((pod) => pod.usage().peakMiB)));
  // Writers upload their index when they stop.
  await Promise.all(writers.map((pod) => pod.stop()));
  const ingestSeconds = (performance.now() - started) / 1000;
  const requestsAfter = await countRequests(running);
  log(`flushed after ${ingestSeconds.toFixed(0)} s`);
  return {
    seconds: ingestSeconds,
    cpuSeconds: perPart((part) => cpuAfter[part] - cpuBefore[part]),
    peakMiB,
    requests: Object.fromEntries(METHODS.map((m) => [m, requestsAfter[m] - requestsBefore[m]])) as Requests,
  };
}

const podsByPart = (cluster: Cluster): Record<Part, Pod[]> => ({
  alloy: cluster.agents,
  gateway: cluster.component("gateway"),
  write: cluster.component("write"),
  read: cluster.component("read"),
  backend: cluster.component("backend"),
  caches: cluster.component("memcached-chunks-cache", "memcached-results-cache"),
});

/** CPU seconds that the pods of each part have used since their start. */
export function cpuSeconds(cluster: Cluster): Record<Part, number> {
  const parts = podsByPart(cluster);
  return perPart((part) => sum(parts[part].map((pod) => pod.usage().cpuSeconds)));
}

/**
 * Flushes one writer. One after the other, as their timers would: a writer does not store a chunk that another one has stored. It forgets
 * stored chunks when it is asked again, or every 30 s by itself.
 */
async function flush(writer: Pod): Promise<void> {
  const isFlushed = async (): Promise<boolean> => {
    await fetch(`http://${writer.address}:3100/flush`, { method: "POST" });
    return (await metric([writer], "loki_ingester_memory_chunks")) === 0;
  };
  await until(`${writer.name} flushed`, isFlushed, { timeoutMs: 300_000, everyMs: 2000 });
}

const received = (writers: readonly Pod[]): Promise<number> => metric(writers, "loki_distributor_lines_received_total");

/** Sum of a metric over pods and labels. */
async function metric(pods: readonly Pod[], name: string): Promise<number> {
  const texts = await Promise.all(
    pods.map(async ({ address }) => (await fetch(`http://${address}:3100/metrics`)).text()),
  );
  return sum(
    texts.flatMap((text) =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].map((m) => Number(m[1])),
    ),
  );
}

/** Requests to MinIO so far. Waits until MinIO has updated its counters, which it does every ten seconds. */
async function countRequests({ store }: RunningStack): Promise<Requests> {
  await sleep(12_000);
  const counted: Requests = { PUT: 0, GET: 0, HEAD: 0, LIST: 0, DELETE: 0 };
  for (const [, api = "", count] of (await store.metrics()).matchAll(
    /^minio_s3_requests_total\{[^}]*\bapi="(\w+)"[^}]*\} (\S+)$/gm,
  ))
    counted[methodOf(api)] += Number(count);
  return counted;
}

/** The method of an S3 API by its name, such as `listobjectsv2`. Uploads have many names. */
const methodOf = (api: string): keyof Requests =>
  METHODS.find((method) => api.startsWith(method.toLowerCase())) ?? "PUT";
