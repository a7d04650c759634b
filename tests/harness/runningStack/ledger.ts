import { crc32 } from "node:zlib";

/** A stream of a container. */
export type Stream = "stdout" | "stderr";

/** Every line that a scenario wrote: its id, which is also in the line, and a checksum of its text. */
export class Ledger {
  readonly lines = new Map<string, number>();
  /** Lines that a rotation split: what was written before it, and the checksum of what was written after it. */
  readonly split = new Map<string, { readonly head: string; readonly tail: number }>();
  readonly #toStderr = new Set<string>();
  /** For each pod, when its lines were written, in milliseconds since the epoch. */
  readonly times = new Map<string, number[]>();
  /** The namespaces that wrote these lines begin with it. */
  readonly prefix: string;
  /** Nanoseconds of the oldest and the newest line. */
  oldest = 2n ** 63n;
  newest = 0n;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  add(id: string, text: string, at: bigint, stream: Stream = "stdout"): void {
    this.lines.set(id, crc32(text));
    if (stream === "stderr") this.#toStderr.add(id);
    const [, pod = ""] = id.split("/");
    const times = this.times.get(pod) ?? [];
    this.times.set(pod, times);
    times.push(Date.now());
    if (at < this.oldest) this.oldest = at;
    if (at > this.newest) this.newest = at;
  }

  /** Notes that the file was rotated between these two halves of a line. */
  splitAt(id: string, head: string, tail: string): void {
    this.split.set(id, { head, tail: crc32(tail) });
  }

  streamOf(id: string): Stream {
    return this.#toStderr.has(id) ? "stderr" : "stdout";
  }

  /** Takes over the lines of another ledger with the same prefix. */
  merge(other: Ledger): void {
    for (const [id, checksum] of other.lines) this.lines.set(id, checksum);
    for (const [id, halves] of other.split) this.split.set(id, halves);
    for (const id of other.#toStderr) this.#toStderr.add(id);
    if (other.oldest < this.oldest) this.oldest = other.oldest;
    if (other.newest > this.newest) this.newest = other.newest;
  }
}

const WORDS =
  "order payment cart user session retry timeout upstream cache invoice shipment token queue worker batch".split(" ");

/** Text of a line. Most are JSON or logfmt of usual length; a few are so long that containerd splits them. Depends only on id and `n`. */
export function lineOf(id: string, n: number): string {
  const words = Array.from({ length: 6 + (n % 9) }, (_, i) => WORDS[(n * 7 + i * 5) % WORDS.length]).join(" ");
  const level = n % 41 === 0 ? "Error" : "Information";
  // The id is in every frame: no two files may begin with the same kilobyte, by which Alloy knows them.
  if (n % 211 === 0) return `id=${id} level=${level} stack="${`${words} at ${id}; `.repeat(300 + (n % 40) * 15)}"`;
  return n % 2 === 0
    ? JSON.stringify({ id, Level: level, Message: words, elapsedMs: (n * 37) % 900 })
    : `id=${id} level=${level} msg="${words}" elapsed=${(n * 37) % 900}ms`;
}

/** The id in a line. `undefined` for half a line and for a line of another program. */
export const idOf = (text: string): string | undefined => /^(?:\{"id":"|id=)([\w./-]+)/.exec(text)?.[1];
