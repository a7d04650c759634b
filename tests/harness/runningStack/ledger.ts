import { crc32 } from "node:zlib";

/** Every line that a scenario wrote: its id, which is also in the line, and a checksum of its text. */
export class Ledger {
  readonly lines = new Map<string, number>();
  /** The namespaces that wrote these lines begin with it. */
  readonly prefix: string;
  /** Nanoseconds of the oldest and the newest line. */
  oldest = 2n ** 63n;
  newest = 0n;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  add(id: string, text: string, at: bigint): void {
    this.lines.set(id, crc32(text));
    if (at < this.oldest) this.oldest = at;
    if (at > this.newest) this.newest = at;
  }
}

const WORDS =
  "order payment cart user session retry timeout upstream cache invoice shipment token queue worker batch".split(" ");

/** Text of a line. Most are JSON or logfmt of usual length; a few are so long that containerd splits them. Depends only on id and `n`. */
export function lineOf(id: string, n: number): string {
  const words = Array.from({ length: 6 + (n % 9) }, (_, i) => WORDS[(n * 7 + i * 5) % WORDS.length]).join(" ");
  const level = n % 41 === 0 ? "Error" : "Information";
  if (n % 211 === 0) return `id=${id} level=${level} stack="${`${words} at frame ${n}; `.repeat(400 + (n % 40) * 20)}"`;
  return n % 2 === 0
    ? JSON.stringify({ id, Level: level, Message: words, elapsedMs: (n * 37) % 900 })
    : `id=${id} level=${level} msg="${words}" elapsed=${(n * 37) % 900}ms`;
}

/** The id in a line. `undefined` for half a line and for a line of another program. */
export const idOf = (text: string): string | undefined => /^(?:\{"id":"|id=)([\w./-]+)/.exec(text)?.[1];
