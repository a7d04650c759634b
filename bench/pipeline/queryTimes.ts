import type { Loose } from "../../tests/harness/manifest.ts";
import type { RunningStack } from "../../tests/harness/runningStack/runningStack.ts";
import { median, sum } from "../statistics.ts";
import { QUERIES, type Query, type QueryFigures } from "./figures.ts";
import { cpuSeconds } from "./ingest.ts";
import type { LogInput } from "./logInput.ts";
import type { Variant } from "./variants.ts";

/** How often each query is asked. */
const ROUNDS = 6;
const HOUR_MS = 3_600_000;

/** Asks every query several times. @param log prints progress. */
export async function measureQueries(
  variant: Variant,
  input: LogInput,
  running: RunningStack,
  log: (text: string) => void,
): Promise<QueryFigures> {
  const queries = {} as Record<Query, QueryFigures["queries"][Query]>;
  let searchedPerCore = 0;
  for (const name of QUERIES) {
    const answers: Asked[] = [];
    for (let round = 0; round < ROUNDS; round++) answers.push(await ask(name, variant, input, running, round));
    const cpu = sum(answers.map((answer) => answer.cpu)) / ROUNDS;
    if (name === "needle in a day") searchedPerCore = input.bytes / 1e3 / cpu;
    const [first = 0, ...others] = answers.map(({ ms }) => ms);
    queries[name] = { first, median: median(others), cpu };
    log(`${name}: ${answers.map(({ ms }) => ms.toFixed(0)).join(", ")} ms; ${answers.at(-1)?.summary}`);
  }
  const { everything } = variant.queries;
  const found = await running.queries.count(everything, nanoseconds(input.from - 1000), nanoseconds(input.to + 1000));
  log(`${found} of ${input.lines} lines found`);
  return { streams: await countStreams(everything, input, running), found, queries, searchedPerCore };
}

const nanoseconds = (milliseconds: number): bigint => BigInt(milliseconds) * 1_000_000n;

/** @param round makes the query differ from those before, so that no answer comes from the results cache. */
function parametersOf(name: Query, variant: Variant, input: LogInput, round: number): Record<string, string> {
  const { queries } = variant;
  const since = (hours: number) => ({
    start: String(nanoseconds(input.to - hours * HOUR_MS)),
    end: String(nanoseconds(input.to)),
  });
  const other = `!= "round ${round}"`;
  switch (name) {
    case "last hour of one application":
      return { query: `${queries.application("shop", "checkout")} ${other}`, ...since(1), limit: "1000" };
    case "error rate by namespace":
      return { query: queries.errorsByNamespace(other), ...since(24), step: "300" };
    case "needle in a day":
      return { query: `${queries.everything} |= "${input.needle}" ${other}`, ...since(24), limit: "100" };
  }
}

/** Different streams. The statistics of the index would count one for each file of it. */
async function countStreams(query: string, { from, to }: LogInput, { queries }: RunningStack): Promise<number> {
  const parameters = { "match[]": query, start: String(nanoseconds(from)), end: String(nanoseconds(to)) };
  const response = await queries.fetch(`/loki/api/v1/series?${new URLSearchParams(parameters)}`);
  return ((await response.json()) as { data: unknown[] }).data.length;
}

/** What one query took. */
export interface Asked {
  /** Milliseconds until the answer. */
  readonly ms: number;
  /** Milliseconds of the readers' CPU. */
  readonly cpu: number;
  /** What Loki reports about it. */
  readonly summary: string;
}

/** Asks a query, which must find something. @param round makes it differ from those before. */
export async function ask(
  name: Query,
  variant: Variant,
  input: LogInput,
  running: RunningStack,
  round: number,
): Promise<Asked> {
  const parameters = parametersOf(name, variant, input, round);
  const before = cpuSeconds(running.cluster).read;
  const started = performance.now();
  const response = await running.queries.fetch(`/loki/api/v1/query_range?${new URLSearchParams(parameters)}`);
  const text = await response.text();
  const ms = performance.now() - started;
  if (!response.ok || !text.includes('"values"'))
    throw new Error(`${parameters.query}: ${response.status} ${text.slice(0, 300)}`);
  const cpu = (cpuSeconds(running.cluster).read - before) * 1000;
  return { ms, cpu, summary: summaryOf(JSON.parse(text)) };
}

/** https://grafana.com/docs/loki/latest/reference/loki-http-api/#statistics */
const summaryOf = ({ data: { stats } }: Loose): string =>
  `${stats.summary.splits} splits, ${stats.summary.totalLinesProcessed} lines read, ${Math.round(stats.summary.totalStructuredMetadataBytesProcessed / 1024)} KiB of metadata`;
