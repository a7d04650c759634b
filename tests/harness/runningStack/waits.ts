import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../processes.ts";
import type { Ledger } from "./ledger.ts";
import type { LogQueries } from "./queries.ts";

/** How long the lines of each pod take from their file to Loki's answers, in seconds. */
export class Waits {
  readonly #queries: LogQueries;
  readonly #ledger: Ledger;
  readonly #longest = new Map<string, number>();
  readonly #arrived = new Map<string, number>();
  readonly #ended: Promise<void>;
  #watching = true;

  constructor(queries: LogQueries, ledger: Ledger) {
    this.#queries = queries;
    this.#ledger = ledger;
    this.#ended = this.#watch();
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      await this.#look();
      await sleep(1000);
    }
  }

  /** A pod's lines arrive in their order. So the highest number that Loki shows means that all before it are there. */
  async #look(): Promise<void> {
    const found = await this.#queries.ask<{ metric: { pod: string }; value: [number, string] }>("query", {
      query: `max by (pod) (max_over_time({namespace=~"${this.#ledger.prefix}-.+"} | regexp "^(?:\\\\{\\"id\\":\\"|id=)[^/]+/[^/]+/(?P<n>[0-9]+)" | unwrap n | __error__="" [30m]))`,
    });
    const now = Date.now();
    const highest = new Map(found.map(({ metric, value }) => [metric.pod, Number(value[1])]));
    for (const [pod, times] of this.#ledger.times) {
      const before = this.#arrived.get(pod) ?? 0;
      const arrived = (highest.get(pod) ?? -1) + 1;
      // The first of the lines that came since the last look waited longest.
      const first = times[before];
      if (arrived > before && first !== undefined)
        this.#longest.set(pod, Math.max(this.#longest.get(pod) ?? 0, (now - first) / 1000));
      this.#arrived.set(pod, Math.max(before, arrived));
    }
  }

  /** The longest wait of each pod's lines so far. A line that has not arrived counts too. */
  get longest(): ReadonlyMap<string, number> {
    const now = Date.now();
    return new Map(
      [...this.#ledger.times].map(([pod, times]) => {
        const next = times[this.#arrived.get(pod) ?? 0];
        return [pod, Math.max(this.#longest.get(pod) ?? 0, next === undefined ? 0 : (now - next) / 1000)];
      }),
    );
  }

  /** Waits until all lines are there, and stops looking. */
  async untilAll(timeoutMs: number): Promise<void> {
    const missing = (): number =>
      [...this.#ledger.times].filter(([pod, times]) => (this.#arrived.get(pod) ?? 0) < times.length).length;
    await until("all lines of the neighbours", async () => missing() === 0, { timeoutMs, everyMs: 1000 });
    this.#watching = false;
    await this.#ended;
  }
}
