import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesApi } from "../kubernetes/kubernetesApi.ts";
import type { Planted } from "../secrets.ts";
import type { Found } from "./account.ts";
import type { LogQueries } from "./queries.ts";

/** How many requests are under way at once. */
const AT_ONCE = 16;

/** What Loki shows of the events. */
export interface EventAccount {
  readonly created: number;
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  /** Lines that no event has. */
  readonly strange: readonly string[];
  readonly counted: number;
}

/** Events that a test creates, and the lines that they become. */
export class EventLedger {
  readonly #api: KubernetesApi;
  readonly namespace: string;
  readonly #expected = new Set<string>();
  readonly #began = BigInt(Date.now()) * 1_000_000n - 2_000_000_000n;
  #last = 0;

  constructor(api: KubernetesApi, namespace: string) {
    this.#api = api;
    this.namespace = namespace;
  }

  async createNamespace(): Promise<void> {
    await this.#api.create("/api/v1/namespaces", { metadata: { name: this.namespace } });
  }

  get size(): number {
    return this.#expected.size;
  }

  /** Creates one event, which is a warning if its number is even. */
  async create(): Promise<number> {
    const n = ++this.#last;
    await this.#api.create(this.#path, this.#event(n, 1));
    this.#expected.add(`BackOff Pod pod-${n % 7}: event ${n}`);
    return n;
  }

  async createMany(count: number): Promise<void> {
    for (let left = count; left > 0; left -= AT_ONCE)
      await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, () => this.create()));
  }

  /** Creates events until the signal, some each second. */
  async createUntil(stopped: AbortSignal, perSecond = 50): Promise<void> {
    while (!stopped.aborted) await Promise.all([sleep((AT_ONCE / perSecond) * 1000), this.createMany(AT_ONCE)]);
  }

  /** Two events of one second that differ in nothing but their names, as those of two containers with one image. */
  async createAlike(): Promise<void> {
    const event = this.#event(++this.#last, 1);
    for (const name of ["alike-1", "alike-2"])
      await this.#api.create(this.#path, { ...event, metadata: { name }, message: "alike" });
    for (const n of [1, 2]) this.#expected.add(`BackOff Pod pod-${this.#last % 7}: alike#${n}`);
  }

  /** Events that hold secrets. The lines do not. */
  async plant(secrets: readonly Planted[]): Promise<void> {
    for (const { rule, secret, text } of secrets) {
      const n = ++this.#last;
      await this.#api.create(this.#path, { ...this.#event(n, 1), message: `event ${n}: ${text(secret)}` });
      this.#expected.add(`BackOff Pod pod-${n % 7}: event ${n}: ${text(`[masked:${rule}]`)}`);
    }
  }

  /** The event occurs again. */
  async repeat(n: number, count: number): Promise<void> {
    await this.#api.call("PUT", `${this.#path}/event-${n}`, this.#event(n, count));
    this.#expected.add(`BackOff Pod pod-${n % 7}: event ${n} (${count} times)`);
  }

  get #path(): string {
    return `/api/v1/namespaces/${this.namespace}/events`;
  }

  #event(n: number, count: number): object {
    const at = `${new Date().toISOString().slice(0, 19)}Z`;
    return {
      ...{ metadata: { name: `event-${n}` }, type: n % 2 === 0 ? "Warning" : "Normal", reason: "BackOff" },
      involvedObject: { apiVersion: "v1", kind: "Pod", namespace: this.namespace, name: `pod-${n % 7}` },
      ...{ message: `event ${n}`, count, source: { component: "kubelet" }, firstTimestamp: at, lastTimestamp: at },
    };
  }

  get #selector(): string {
    return `{container="kubernetes_events", namespace="${this.namespace}"}`;
  }

  /** Waits until all lines are there, or until none has come for a minute. */
  async untilDelivered(queries: LogQueries): Promise<void> {
    let [most, grown] = [-1, performance.now()];
    for (;;) {
      const counted = await queries.count(this.#selector, this.#began, this.#now);
      if (counted >= this.size) return;
      if (counted > most) grown = performance.now();
      else if (performance.now() - grown > 60_000) return;
      most = Math.max(most, counted);
      await sleep(2000);
    }
  }

  async lines(queries: LogQueries): Promise<Found[]> {
    const found: Found[] = [];
    for await (const page of queries.lines(this.#selector, this.#began, this.#now)) found.push(...page);
    return found;
  }

  /** Compares what Loki shows with what was created. */
  async account(queries: LogQueries): Promise<EventAccount> {
    const seen = new Map<string, number>();
    let alike = 0;
    for (const { text } of await this.lines(queries)) {
      const line = text.endsWith(": alike") ? `${text}#${++alike}` : text;
      seen.set(line, (seen.get(line) ?? 0) + 1);
    }
    return {
      created: this.size,
      lost: [...this.#expected].filter((line) => !seen.has(line)),
      twice: [...seen].filter(([, times]) => times > 1).map(([line]) => line),
      strange: [...seen.keys()].filter((line) => !this.#expected.has(line)),
      counted: await queries.count(this.#selector, this.#began, this.#now),
    };
  }

  get #now(): bigint {
    return BigInt(Date.now()) * 1_000_000n + 2_000_000_000n;
  }
}
