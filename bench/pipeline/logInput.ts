// Lines like those of applications. Every run has the same lines, except for their dates.
import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";

/** The containers of one application, and their share of all bytes. */
interface Kind {
  readonly namespace: string;
  readonly container: string;
  readonly pods: number;
  readonly share: number;
  readonly line: () => (random: Random, at: Date) => string;
}

/** One container's file, and its length at the end of each step. */
export interface InputFile {
  readonly path: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Index of the pod's node. */
  readonly node: number;
  readonly ends: readonly number[];
}

/** Everything that is fed. */
export interface LogInput {
  readonly files: readonly InputFile[];
  /** Bytes of the lines, without containerd's prefixes. */
  readonly bytes: number;
  readonly lines: number;
  /** Milliseconds since the epoch. All timestamps are between `from` and `to`. */
  readonly from: number;
  readonly to: number;
  /** A text that exactly one line contains. */
  readonly needle: string;
}

/** Random numbers that are the same in every run. */
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

  /** Mostly small numbers, as a few users and addresses cause most requests. */
  skewed(n: number): number {
    return Math.floor(n * this.unit() ** 3);
  }

  text(characters: string, length: number): string {
    return Array.from({ length }, () => characters[this.below(characters.length)]).join("");
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

/** Three lines on average share the ids of a request. */
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

/** One line in a hundred has a stack trace. One in fifty of these is so long that containerd splits it. */
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

/** containerd splits lines that are longer. */
const PART_BYTES = 16_384;

const HOUR_MS = 3_600_000;
const NEEDLE = "needle-7f3a9c51d2e8";
/** Bytes of a sidecar for each of its pod's application. */
const SIDECAR_SHARE = 0.1;
/** Index of the container that writes the needle. */
const NEEDLE_WRITER = 4;

/** What is common to all files. */
interface InputShape {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}

/** What input to write. */
interface InputOptions {
  readonly megabytes: number;
  /** Over how many the timestamps are spread, up to the last full hour. */
  readonly hours: number;
  /** In which the files will be fed. */
  readonly steps: number;
  readonly nodes: number;
  /** How many times the pods of each application. Default: 1, which makes 27 pods. */
  readonly copies?: number;
  /** Each pod has a second container, as of a service mesh. They all have one name. Default: false. */
  readonly sidecars?: boolean;
}

/** One container's file to be, and how many bytes of lines. */
type Planned = Omit<InputFile, "path" | "ends"> & { readonly line: Kind["line"]; readonly share: number };

/** Writes one file for each container. */
export async function writeLogInput(
  folder: string,
  { megabytes, hours, steps, nodes, ...pods }: InputOptions,
): Promise<LogInput> {
  mkdirSync(folder, { recursive: true });
  const to = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const from = to - hours * HOUR_MS;
  const files: InputFile[] = [];
  let bytes = 0;
  let lines = 0;
  for (const { line, share, ...container } of containersOf(nodes, pods)) {
    const path = join(folder, `${container.namespace}_${container.pod}_${container.container}`);
    const written = await writeFile(path, line, files.length, share * megabytes * 1e6, { from, to, steps });
    bytes += written.bytes;
    lines += written.lines;
    files.push({ ...container, path, ends: written.ends });
  }
  return { files, bytes, lines, from, to, needle: NEEDLE };
}

/** Shares add up to 1. */
function containersOf(
  nodes: number,
  { copies = 1, sidecars = false }: Pick<InputOptions, "copies" | "sidecars">,
): Planned[] {
  const planned: Planned[] = [];
  let pods = 0;
  for (const { namespace, container, line, ...kind } of KINDS)
    for (let i = 0; i < kind.pods * copies; i++) {
      const pod = { namespace, pod: podName(container, new Random(pods)), node: pods % nodes };
      const share = kind.share / kind.pods / copies;
      planned.push({ ...pod, container, line, share });
      if (sidecars) planned.push({ ...pod, container: "proxy", line: () => access, share: share * SIDECAR_SHARE });
      pods++;
    }
  const all = planned.reduce((sum, { share }) => sum + share, 0);
  return planned.map((each) => ({ ...each, share: each.share / all }));
}

/** A name as a Deployment's pods have it, so that Alloy finds the workload. */
const podName = (workload: string, random: Random): string =>
  `${workload}-7${random.text("bcdf456789", 8)}-${random.text("bcdfghjklmnpqrstvwxz2456789", 5)}`;

/** Writes the file of container `n`. @param share bytes of its lines. */
async function writeFile(
  path: string,
  lineOf: Kind["line"],
  n: number,
  share: number,
  { from, to, steps }: InputShape,
): Promise<{ ends: number[]; bytes: number; lines: number }> {
  const random = new Random(1000 + n);
  const line = lineOf();
  const stream = createWriteStream(path);
  const ends: number[] = [];
  let [bytes, lines, size, last] = [0, 0, 0, 0n];
  for (let step = 1; step <= steps; step++) {
    const records: string[] = [];
    while (bytes < (share * step) / steps) {
      // Timestamps advance with the bytes, and no two lines of a container have the same.
      const due = BigInt(Math.floor(from + (bytes / share) * (to - from))) * 1_000_000n;
      const drawn = due + BigInt(random.below(1_000_000));
      const at = drawn <= last ? last + 1n : drawn;
      last = at;
      const hasNeedle = n === NEEDLE_WRITER && step === Math.floor(steps / 3) && records.length === 0;
      const text = `${line(random, new Date(Number(at / 1_000_000n)))}${hasNeedle ? ` ${NEEDLE}` : ""}`;
      bytes += text.length + 1;
      lines += 1;
      records.push(...recordsOf(text, at));
    }
    const buffer = Buffer.from(records.join(""));
    size += buffer.length;
    ends.push(size);
    if (buffer.length > 0 && !stream.write(buffer)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "finish");
  return { ends, bytes, lines };
}

/** A line as containerd writes it. @param at nanoseconds since the epoch. */
function recordsOf(text: string, at: bigint): string[] {
  const seconds = new Date(Number(at / 1_000_000n)).toISOString().slice(0, 20);
  const time = `${seconds}${String(at % 1_000_000_000n).padStart(9, "0")}Z`;
  const parts = Math.max(1, Math.ceil(text.length / PART_BYTES));
  return Array.from({ length: parts }, (_, part) => {
    const flag = part < parts - 1 ? "P" : "F";
    return `${time} stdout ${flag} ${text.slice(part * PART_BYTES, (part + 1) * PART_BYTES)}\n`;
  });
}
