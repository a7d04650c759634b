import type { Cluster } from "../pods/cluster.ts";

/** The value of a counter of one pod: the sum of all its series. 0 if the pod does not answer or has no such counter. */
export async function counter(address: string, port: number, name: string): Promise<number> {
  const response = await fetch(`http://${address}:${port}/metrics`).catch(() => undefined);
  const text = (await response?.text()) ?? "";
  return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}

/**
 * Counts the entries that Loki receives: those sent again count again. The counters begin at 0 when a writer starts, so `read` has to be
 * called before writers are killed.
 */
export class ReceivedLines {
  readonly #cluster: Cluster;
  /** By pod and start of its process. */
  readonly #last = new Map<string, number>();
  #total = 0;
  /** In nanoseconds. */
  readonly began = BigInt(Date.now()) * 1_000_000n;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Begins to count. */
  static async from({ cluster }: { readonly cluster: Cluster }): Promise<ReceivedLines> {
    const received = new ReceivedLines(cluster);
    await received.read();
    received.#total = 0;
    return received;
  }

  /** @returns how many entries Loki has received since the beginning. */
  async read(): Promise<number> {
    for (const { name, address } of this.#cluster.component("write")) {
      const now = await counter(address, 3100, "loki_distributor_lines_received_total");
      const run = `${name} ${await counter(address, 3100, "process_start_time_seconds")}`;
      this.#total += now - (this.#last.get(run) ?? 0);
      this.#last.set(run, now);
    }
    return this.#total;
  }
}
