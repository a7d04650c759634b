import { setTimeout as sleep } from "node:timers/promises";
import type { Keys } from "../minio.ts";
import { type Account, type Found, Tally } from "./account.ts";
import type { Ledger } from "./ledger.ts";

const PAGE = 5000;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;

/** Queries Loki through the gateway, as a reader does. */
export class LogQueries {
  readonly #gateway: string;
  readonly #login: () => Keys;

  constructor(gateway: string, login: () => Keys) {
    this.#gateway = gateway;
    this.#login = login;
  }

  /** Sends a request with the current login or another one. */
  fetch(
    path: string,
    { login = this.#login(), ...options }: RequestInit & { login?: Keys | undefined } = {},
  ): Promise<Response> {
    const authorization = `Basic ${Buffer.from(`${login.accessKey}:${login.secretKey}`).toString("base64")}`;
    return fetch(`${this.#gateway}${path}`, { ...options, headers: { authorization, ...options.headers } });
  }

  /** The result of a query. Asks up to ten times while Loki is busy. */
  async ask<Result>(path: string, parameters: Record<string, string>): Promise<Result[]> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.fetch(`/loki/api/v1/${path}?${new URLSearchParams(parameters)}`).catch(
        (e) => e as Error,
      );
      if (response instanceof Response && response.ok)
        return ((await response.json()) as { data: { result: Result[] } }).data.result;
      const said =
        response instanceof Response ? `${response.status} ${(await response.text()).slice(0, 300)}` : response.message;
      if (attempt === 10) throw new Error(`${path} ${parameters.query}: ${said}`);
      await sleep(2000);
    }
  }

  /** The number of lines in all streams by `count_over_time`. */
  async count(selector: string, from: bigint, to: bigint): Promise<number> {
    const seconds = (to - from) / SECOND + 1n;
    const [sum] = await this.ask<{ value: [number, string] }>("query", {
      query: `sum(count_over_time(${selector}[${seconds}s]))`,
      time: String(to),
    });
    return sum ? Number(sum.value[1]) : 0;
  }

  /** All lines of a time range, in windows far below a page's limit: duplicates that Loki hides count toward the limit. */
  async *lines(selector: string, from: bigint, to: bigint): AsyncGenerator<Found[]> {
    const result = await this.ask<{ stream: Found["labels"]; values: Array<[string, string]> }>("query_range", {
      query: selector,
      start: String(from),
      end: String(to),
      limit: String(PAGE),
      direction: "forward",
    });
    const found = result.flatMap(({ stream, values }) =>
      values.map(([at, text]) => ({ at: BigInt(at), text, labels: stream })),
    );
    if (found.length < PAGE / 10 || to - from <= 1_000_000n) {
      yield found;
      return;
    }
    const middle = (from + to) / 2n;
    yield* this.lines(selector, from, middle);
    yield* this.lines(selector, middle, to);
  }

  /** The seconds that have lines. A ledger may have recent lines and lines that are hours old. */
  async *#secondsWithLines(selector: string, from: bigint, to: bigint): AsyncGenerator<bigint> {
    if (to - from <= MINUTE) for (let second = from; second < to; second += SECOND) yield second;
    else if ((await this.count(selector, from, to)) > 0) {
      const middle = from + ((to - from) / 2n / SECOND) * SECOND;
      yield* this.#secondsWithLines(selector, from, middle);
      yield* this.#secondsWithLines(selector, middle, to);
    }
  }

  /** Compares the lines that Loki shows with those that were written. */
  async account(ledger: Ledger): Promise<Account> {
    const selector = selectorOf(ledger);
    const tally = new Tally(ledger);
    // A line that is split has more than one time. The second fragment of one that a rotation split has the time at which Alloy read it.
    const from = ledger.oldest - SECOND;
    const to = ledger.newest + (ledger.split.size > 0 ? MINUTE : SECOND);
    for await (const second of this.#secondsWithLines(selector, from, to))
      for await (const page of this.lines(selector, second, second + SECOND)) for (const line of page) tally.add(line);
    return tally.account(await this.count(selector, from, to));
  }

  /**
   * Waits until all lines are there, or until no line has come for as long as Alloy ever waits between two tries. The count may never
   * match: a line that a rotation split may be whole, and Loki may count a line twice that was sent twice.
   */
  async untilDelivered(ledger: Ledger): Promise<void> {
    const entries = ledger.lines.size + ledger.split.size;
    let most = -1;
    let grown = performance.now();
    for (;;) {
      const counted = await this.count(selectorOf(ledger), ledger.oldest - SECOND, ledger.newest + SECOND);
      if (counted === entries) return;
      if (counted > most) grown = performance.now();
      else if (performance.now() - grown > 35_000) return;
      most = Math.max(most, counted);
      await sleep(2000);
    }
  }
}

const selectorOf = ({ prefix }: Ledger): string => `{namespace=~"${prefix}-.+"}`;
