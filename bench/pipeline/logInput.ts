// Lines as applications write them, the same in every run but for the day: what is measured is measured on the same bytes.
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Containers of one application, and its share of all bytes. */
interface Kind {
  readonly namespace: string;
  readonly container: string;
  readonly pods: number;
  readonly share: number;
  readonly line: () => (random: Random, at: Date) => string;
}

/** One container's file, and how far it is written at the end of each step. */
export interface InputFile {
  readonly path: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Which node the pod is on. */
  readonly node: number;
  readonly ends: readonly number[];
}

/** All that is fed. */
export interface LogInput {
  readonly files: readonly InputFile[];
  /** Of the lines alone, without what containerd puts in front of them. */
  readonly bytes: number;
  readonly lines: number;
  /** Milliseconds: all lines are after `from` and before `to`. */
  readonly from: number;
  readonly to: number;
  /** A text that is in one line. */
  readonly needle: string;
}

/** What an application asks chance for. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Mulberry32. */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Few of the small ones make up most of it, as with users and addresses. */
  skewed(n: number): number {
    return Math.floor(n * this.unit() ** 3);
  }

  hex(digits: number): string {
    let text = "";
    while (text.length < digits)
      text += this.below(2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return text.slice(0, digits);
  }
}

const MESSAGES = [
  "Order accepted",
  "Payment authorised by the provider",
  "Stock reserved in warehouse",
  "Cache miss, reading from the database",
  "Request completed",
  "Session renewed",
  "Message published to the queue",
  "Retrying after a timeout of the upstream",
] as const;
const PATHS = ["/", "/api/cart", "/api/orders", "/api/products", "/assets/app.js", "/health", "/login"] as const;
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "kube-probe/1.34",
] as const;
const CLASSES = ["OrderService", "LedgerRepository", "InvoiceJob", "HttpClient", "TransactionManager"] as const;

const level = (random: Random): string => {
  const n = random.unit();
  return n < 0.02 ? "Error" : n < 0.07 ? "Warning" : n < 0.12 ? "Debug" : "Information";
};
const address = (random: Random): string => {
  const n = random.skewed(4000);
  return `10.${n % 7}.${(n * 31) % 256}.${(n * 17) % 256}`;
};

/** A request leaves three lines on average, with the same ids. */
const json = (service: string) => {
  let ids = {};
  return (random: Random, at: Date) => {
    if (random.below(3) === 0) ids = { TraceId: random.hex(32), UserId: 100_000 + random.skewed(50_000) };
    return JSON.stringify({
      Timestamp: at.toISOString(),
      Level: level(random),
      Message: random.pick(MESSAGES),
      Service: service,
      ...ids,
      ElapsedMs: random.skewed(900),
      ...(random.below(9) === 0 && { OrderId: `${random.hex(8)}-${random.hex(4)}-${random.hex(12)}` }),
    });
  };
};

const logfmt = (caller: string) => (random: Random, at: Date) =>
  `ts=${at.toISOString()} level=${level(random).toLowerCase()} caller=${caller}.go:${random.pick([42, 117, 230, 388])} msg="${random.pick(MESSAGES).toLowerCase()}" partition=${random.below(24)} offset=${random.below(9_000_000)} took=${random.skewed(900)}ms trace=${random.hex(16)}`;

const access = (random: Random, at: Date) =>
  `${address(random)} - - [${at.toUTCString()}] "${random.pick(["GET", "GET", "GET", "POST"])} ${random.pick(PATHS)}?id=${random.skewed(90_000)} HTTP/1.1" ${random.pick([200, 200, 200, 200, 200, 304, 404, 500])} ${random.skewed(60_000)} "-" "${random.pick(AGENTS)}" ${(random.skewed(2000) / 1000).toFixed(3)} ${random.hex(32)}`;

/** A stack trace now and then; one in fifty of these is longer than what containerd leaves whole. */
const java = (random: Random, at: Date) => {
  const head = `${at.toISOString()} ${level(random).toUpperCase().padEnd(11)} [exec-${random.below(16)}] com.company.ledger.${random.pick(CLASSES)} - booking ${random.hex(12)} of account ${200_000 + random.skewed(9000)}: ${random.pick(MESSAGES)}`;
  if (random.below(100) > 0) return head;
  const frames = random.below(50) === 0 ? 260 : 18;
  const trace = Array.from(
    { length: frames },
    () => `\\tat com.company.ledger.${random.pick(CLASSES)}.apply(${random.pick(CLASSES)}.java:${random.below(900)})`,
  );
  return `${head} java.lang.IllegalStateException: ${trace.join("\\n")}`;
};

const dns = (random: Random, _at: Date) =>
  `[INFO] ${address(random)}:${32_768 + random.below(28_000)} - ${random.below(65_536)} "A IN ${random.pick(["orders", "payments", "cart", "search"])}.shop.svc.cluster.local. udp 54 false 512" NOERROR qr,aa,rd 106 0.000${random.below(900_000)}s`;

const KINDS: readonly Kind[] = [
  { namespace: "shop", container: "frontend", pods: 3, share: 18, line: () => access },
  { namespace: "shop", container: "checkout", pods: 3, share: 14, line: () => json("checkout") },
  { namespace: "shop", container: "cart", pods: 3, share: 6, line: () => json("cart") },
  { namespace: "payments", container: "api", pods: 3, share: 14, line: () => json("payments") },
  { namespace: "payments", container: "ledger", pods: 2, share: 10, line: () => java },
  { namespace: "search", container: "query", pods: 3, share: 10, line: () => json("search") },
  { namespace: "search", container: "indexer", pods: 2, share: 5, line: () => logfmt("indexer") },
  { namespace: "ingress", container: "nginx", pods: 3, share: 12, line: () => access },
  { namespace: "data", container: "consumer", pods: 3, share: 8, line: () => logfmt("consumer") },
  { namespace: "kube-system", container: "coredns", pods: 2, share: 3, line: () => dns },
];

/** containerd splits longer lines. */
const PART_BYTES = 16_384;

/**
 * Writes one file for each container.
 *
 * @param hours which the lines' own timestamps are spread over, up to the last full hour.
 * @param steps in which they will be fed.
 */
export async function writeLogInput(
  folder: string,
  { megabytes, hours, steps, nodes }: { megabytes: number; hours: number; steps: number; nodes: number },
): Promise<LogInput> {
  mkdirSync(folder, { recursive: true });
  const to = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const from = to - hours * 3_600_000;
  const needle = "needle-7f3a9c51d2e8";
  const shares = KINDS.reduce((sum, { share }) => sum + share, 0);
  const files: InputFile[] = [];
  let bytes = 0;
  let lines = 0;
  let n = 0;
  for (const kind of KINDS) {
    for (let pod = 0; pod < kind.pods; pod++, n++) {
      const random = new Random(1000 + n);
      const line = kind.line();
      const wanted = (megabytes * 1e6 * kind.share) / shares / kind.pods;
      const name = `${kind.container}-${new Random(n).hex(9)}-${new Random(n + 99).hex(5)}`;
      const path = join(folder, `${kind.namespace}_${name}`);
      const stream = createWriteStream(path);
      const ends: number[] = [];
      let own = 0;
      let size = 0;
      let last = 0n;
      for (let step = 1; step <= steps; step++) {
        const texts: string[] = [];
        while (own < (wanted * step) / steps) {
          // Within an hour as even as the bytes are; nanoseconds of their own.
          let at =
            BigInt(Math.floor(from + (own / wanted) * (to - from))) * 1_000_000n + BigInt(random.below(1_000_000));
          if (at <= last) at = last + 1n;
          last = at;
          const date = new Date(Number(at / 1_000_000n));
          const needed = n === 4 && step === Math.floor(steps / 3) && texts.length === 0;
          const text = `${line(random, date)}${needed ? ` ${needle}` : ""}`;
          own += text.length + 1;
          lines += 1;
          const time = `${date.toISOString().slice(0, 20)}${String(at % 1_000_000_000n).padStart(9, "0")}Z`;
          for (let part = 0; part < text.length; part += PART_BYTES)
            texts.push(
              `${time} stdout ${part + PART_BYTES < text.length ? "P" : "F"} ${text.slice(part, part + PART_BYTES)}\n`,
            );
        }
        const buffer = Buffer.from(texts.join(""));
        size += buffer.length;
        ends.push(size);
        if (buffer.length > 0 && !stream.write(buffer))
          await new Promise<void>((done) => stream.once("drain", () => done()));
      }
      bytes += own;
      await new Promise<void>((done) => stream.end(() => done()));
      files.push({ path, namespace: kind.namespace, pod: name, container: kind.container, node: n % nodes, ends });
    }
  }
  return { files, bytes, lines, from, to, needle };
}
