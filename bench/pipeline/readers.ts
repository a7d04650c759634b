// Configs of the readers, compared over the same stored lines.
import type { Pod } from "../../tests/harness/pods/pod.ts";
import type { RunningStack } from "../../tests/harness/runningStack/runningStack.ts";
import { median } from "../statistics.ts";
import { QUERIES, type Query, type ReaderFigures } from "./figures.ts";
import type { LogInput } from "./logInput.ts";
import { type Asked, ask } from "./queryTimes.ts";
import type { Variant } from "./variants.ts";

/** How often the readers start with each config. They take turns, as other work on the machine changes with time. */
const STARTS = 3;
/** How often a query is asked in each start. The first time, nothing is cached. */
const TIMES = 4;

/**
 * Asks the queries with each config. The writers have stopped: what decides is the bucket.
 *
 * @param configs the same variant, with changed values for the readers.
 * @param log prints progress.
 */
export async function measureReaders(
  configs: readonly Variant[],
  input: LogInput,
  running: RunningStack,
  log: (text: string) => void,
): Promise<ReaderFigures[]> {
  const rendered = await Promise.all(
    configs.map(async (variant) => ({ variant, stack: await variant.render(running.store.ca.certificate) })),
  );
  const asked = new Map<string, Asked[]>();
  let round = 1000;
  for (let start = 0; start < STARTS; start++)
    for (const { variant, stack } of rendered) {
      Object.assign(running.stack.objects.configMaps, lokiConfigs(stack.objects.configMaps));
      await restart(running);
      for (const query of QUERIES)
        for (let time = 0; time < TIMES; time++) {
          const answer = await ask(query, variant, input, running, round++);
          const key = keyOf(variant, query, time === 0);
          asked.set(key, [...(asked.get(key) ?? []), answer]);
        }
      log(`readers ${variant.name}, start ${start + 1} of ${STARTS}`);
    }
  return configs.map((variant) => figuresOf(variant, asked));
}

const keyOf = ({ name }: Variant, query: Query, first: boolean): string => `${name}/${query}/${first}`;

function figuresOf(variant: Variant, asked: ReadonlyMap<string, readonly Asked[]>): ReaderFigures {
  const of = (query: Query, first: boolean) => {
    const answers = asked.get(keyOf(variant, query, first)) ?? [];
    return {
      cpu: median(answers.map(({ cpu }) => cpu)),
      ms: median(answers.map(({ ms }) => ms)),
      summary: answers.at(-1)?.summary ?? "",
    };
  };
  return {
    name: variant.name,
    queries: Object.fromEntries(
      QUERIES.map((q) => [q, { first: of(q, true), others: of(q, false) }]),
    ) as ReaderFigures["queries"],
  };
}

const lokiConfigs = (configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>) =>
  Object.fromEntries(Object.entries(configMaps).filter(([name]) => /^loki(-runtime)?$/.test(name)));

/** Starts readers, backends and caches again, with nothing cached. */
async function restart({ cluster }: RunningStack): Promise<void> {
  const pods = cluster.component("read", "backend", "memcached-chunks-cache", "memcached-results-cache");
  await Promise.all(pods.map((pod: Pod) => pod.stop()));
  for (const pod of pods) {
    if (!pod.name.includes("cache")) pod.emptyDisks();
    pod.start();
  }
  await cluster.waitUntilReady(pods);
}
