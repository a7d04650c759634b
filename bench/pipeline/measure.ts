// Feeds one side with the input and reads off what it used.
import { closeSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../../tests/harness/pods/pod.ts";
import { until } from "../../tests/harness/processes.ts";
import {
  podLogsOf,
  type RunningStack,
  runningStack,
  startLokiWithEmptyDisks,
} from "../../tests/harness/runningStack/runningStack.ts";
import type { LogInput } from "./logInput.ts";
import type { Side } from "./sides.ts";

/** What is told apart in CPU and memory. */
export const PARTS = ["alloy", "gateway", "write", "read", "backend", "caches"] as const;
export type Part = (typeof PARTS)[number];

/** What MinIO counts, by the method of the request. */
export const METHODS = ["PUT", "GET", "HEAD", "LIST", "DELETE"] as const;
type Requests = Record<(typeof METHODS)[number], number>;

export const QUERIES = ["last hour of one application", "error rate by namespace", "needle in a day"] as const;

/** What one side used. */
export interface Figures {
  readonly name: string;
  /** From the first line until all of it is in MinIO, index included. */
  readonly seconds: number;
  readonly cpuSeconds: Record<Part, number>;
  /** Of the largest pod of each. */
  readonly peakMiB: Record<Part, number>;
  readonly requests: Requests;
  readonly chunks: { readonly count: number; readonly bytes: number };
  readonly indexBytes: number;
  readonly streams: number;
  /** Lines that Loki finds afterwards. */
  readonly found: number;
  /** Milliseconds: the first time, with nothing cached, and the median of the others. */
  readonly queries: Record<(typeof QUERIES)[number], { readonly first: number; readonly median: number }>;
  /** MB of lines that one core of the readers looks through in a second, for the needle. By their CPU, not by the clock. */
  readonly searchedPerCore: number;
}

/** How often each query is asked. */
const ROUNDS = 6;

/** Runs one side from its start to its last query. */
export async function measure(
  side: Side,
  input: LogInput,
  { nodes, seconds }: { nodes: number; seconds: number },
): Promise<Figures> {
  const say = (text: string): void => console.log(`${side.name}: ${text}`);
  say("starting");
  const running = await runningStack({ nodes, render: side.render });
  const { cluster, store } = running;
  const parts: Record<Part, Pod[]> = {
    alloy: cluster.agents,
    gateway: cluster.component("gateway"),
    write: cluster.component("write"),
    read: cluster.component("read"),
    backend: cluster.component("backend"),
    caches: cluster.component("memcached-chunks-cache", "memcached-results-cache"),
  };
  const cpu = () => perPart((part) => sum(parts[part].map((pod) => pod.usage().cpuSeconds)));

  const cpuBefore = cpu();
  const requestsBefore = await requests();
  const started = performance.now();
  await feed(input, running, seconds);
  say(`fed in ${elapsed(started)}`);
  await until("all lines at Loki", async () => (await received(parts.write)) >= input.lines, {
    timeoutMs: 600_000,
    everyMs: 1000,
  });
  say(`delivered after ${elapsed(started)}`);
  // One after the other, as their clocks would have it: a chunk that another one has stored already is not stored again.
  for (const pod of parts.write) {
    await fetch(`http://${pod.address}:3100/flush`, { method: "POST" });
    await until(`${pod.name} flushed`, async () => (await metric([pod], "loki_ingester_memory_chunks")) === 0, {
      timeoutMs: 300_000,
      everyMs: 500,
    });
  }
  const cpuAfter = cpu();
  const peakMiB = perPart((part) => Math.max(0, ...parts[part].map((pod) => pod.usage().peakMiB)));
  // Writers hand their index over when they stop.
  await Promise.all(parts.write.map((pod) => pod.stop()));
  const ingest = (performance.now() - started) / 1000;
  const requestsAfter = await requests();
  say(`flushed after ${ingest.toFixed(0)} s`);

  // The compactor waits this long before it looks for the first time.
  for (const pod of parts.backend) pod.container.args.push("-compactor.compaction-interval=15s");
  // A reader finds only what MinIO has.
  await startLokiWithEmptyDisks(running);
  const stored = async () => {
    const objects = await list(running);
    const index = objects.filter(({ name }) => name.startsWith("index/"));
    return { objects, index };
  };
  // One file for the tenant and day, when the compactor has been there.
  await until(
    "compaction of the index",
    async () => {
      const tables = (await stored()).index.filter(({ name }) => name.includes(".tsdb"));
      return tables.length > 0 && tables.length === new Set(tables.map(({ name }) => name.split("/")[1])).size;
    },
    { timeoutMs: 240_000, everyMs: 3000 },
  ).catch((error) => say(`the index was not compacted: ${(error as Error).message}`));
  const { objects, index } = await stored();
  const chunks = objects.filter(({ name }) => name.startsWith("fake/"));

  const all = side.queries.everything;
  const range = { start: String(input.from - 1000), end: String(input.to + 1000) };
  const stats = (await (
    await running.queries.fetch(
      `/loki/api/v1/index/stats?${new URLSearchParams({ query: all, start: `${input.from}000000`, end: `${input.to}000000` })}`,
    )
  ).json()) as { streams: number };
  const day = { start: `${input.to - 24 * 3_600_000}000000`, end: `${input.to}000000` };
  const hour = { start: `${input.to - 3_600_000}000000`, end: `${input.to}000000` };
  const asked = (name: (typeof QUERIES)[number], round: number): Record<string, string> => {
    // A query of its own each time: what is measured is not the results cache.
    const other = `!= "round ${round}"`;
    switch (name) {
      case "last hour of one application":
        return { query: `${side.queries.application("shop", "checkout")} ${other}`, ...hour, limit: "1000" };
      case "error rate by namespace":
        return { query: side.queries.errorsByNamespace(other), ...day, step: "300" };
      case "needle in a day":
        return { query: `${all} |= "${input.needle}" ${other}`, ...day, limit: "100" };
    }
  };
  const queries = {} as Record<(typeof QUERIES)[number], { first: number; median: number }>;
  let searchedPerCore = 0;
  for (const name of QUERIES) {
    const times: number[] = [];
    const readersBefore = cpu().read;
    for (let round = 0; round < ROUNDS; round++) times.push(await timed(running, asked(name, round)));
    if (name === "needle in a day") searchedPerCore = (ROUNDS * input.bytes) / 1e6 / (cpu().read - readersBefore);
    const [first = 0, ...others] = times;
    queries[name] = { first, median: median(others) };
    say(`${name}: ${times.map((t) => t.toFixed(0)).join(", ")} ms`);
  }
  const found = await running.queries.count(all, BigInt(range.start) * 1_000_000n, BigInt(range.end) * 1_000_000n);
  say(`${found} of ${input.lines} lines found`);
  return {
    name: side.name,
    seconds: ingest,
    cpuSeconds: perPart((part) => cpuAfter[part] - cpuBefore[part]),
    peakMiB,
    requests: Object.fromEntries(METHODS.map((m) => [m, requestsAfter[m] - requestsBefore[m]])) as Requests,
    chunks: { count: chunks.length, bytes: sum(chunks.map(({ size }) => size)) },
    indexBytes: sum(index.map(({ size }) => size)),
    streams: stats.streams,
    found,
    queries,
    searchedPerCore,
  };

  /** MinIO notes its counters every ten seconds. */
  async function requests(): Promise<Requests> {
    await sleep(12_000);
    const counted: Requests = { PUT: 0, GET: 0, HEAD: 0, LIST: 0, DELETE: 0 };
    for (const [, api = "", count] of (await store.metrics()).matchAll(
      /^minio_s3_requests_total\{[^}]*\bapi="(\w+)"[^}]*\} (\S+)$/gm,
    ))
      counted[methodOf(api)] += Number(count);
    return counted;
  }
}

/** Writes the files as their containers would, in even steps. */
async function feed(input: LogInput, { folder }: RunningStack, seconds: number): Promise<void> {
  const steps = input.files[0]?.ends.length ?? 0;
  const open = input.files.map((file) => {
    const pod = join(podLogsOf(folder, file.node), `${file.namespace}_${file.pod}_${uid(file.pod)}`, file.container);
    mkdirSync(pod, { recursive: true });
    return { file, from: openSync(file.path, "r"), to: openSync(join(pod, "0.log"), "a"), at: 0 };
  });
  const started = performance.now();
  for (let step = 0; step < steps; step++) {
    for (const each of open) {
      const buffer = Buffer.alloc((each.file.ends[step] ?? 0) - each.at);
      readSync(each.from, buffer, 0, buffer.length, each.at);
      writeSync(each.to, buffer);
      each.at += buffer.length;
    }
    await sleep(Math.max(0, started + ((step + 1) * seconds * 1000) / steps - performance.now()));
  }
  for (const { from, to } of open) for (const descriptor of [from, to]) closeSync(descriptor);
}

/** A pod's own, and the same in every run. */
const uid = (pod: string): string =>
  Buffer.from(pod.padEnd(16))
    .toString("hex")
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

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

const methodOf = (api: string): keyof Requests =>
  /^list/.test(api)
    ? "LIST"
    : /^head/.test(api)
      ? "HEAD"
      : /^delete/.test(api)
        ? "DELETE"
        : /^get/.test(api)
          ? "GET"
          : "PUT";

function list({ store, stack }: RunningStack): Promise<Array<{ name: string; size: number }>> {
  return new Promise((done, failed) => {
    const objects: Array<{ name: string; size: number }> = [];
    const stream = store.client(store.admin).listObjectsV2(stack.bucket, "", true);
    stream.on("data", ({ name, size }) => objects.push({ name: name ?? "", size: size ?? 0 }));
    stream.on("error", failed);
    stream.on("end", () => done(objects));
  });
}

async function timed({ queries }: RunningStack, parameters: Record<string, string>): Promise<number> {
  const begun = performance.now();
  const response = await queries.fetch(`/loki/api/v1/query_range?${new URLSearchParams(parameters)}`);
  const text = await response.text();
  if (!response.ok || !text.includes('"values"'))
    throw new Error(`${parameters.query}: ${response.status} ${text.slice(0, 300)}`);
  return performance.now() - begun;
}

const perPart = (of: (part: Part) => number): Record<Part, number> =>
  Object.fromEntries(PARTS.map((part) => [part, of(part)])) as Record<Part, number>;

const elapsed = (since: number): string => `${((performance.now() - since) / 1000).toFixed(0)} s`;

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
