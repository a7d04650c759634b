import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";

/** Every line that was written, with a checksum of its text. The id is in the line. */
export class Ledger {
  readonly lines = new Map<string, number>();
  /** Namespaces of this ledger begin with it. */
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

/** The kubelet's settings of a node. AKS: 50 MB and 5 files. */
export interface Rotation {
  readonly maxBytes: number;
  readonly maxFiles: number;
  /**
   * Whether every rotation comes between two parts of a long line, which it seldom does on a node; else the container goes on in the
   * file that was renamed for a moment. `true` where nothing is said.
   */
  readonly splitsLines?: boolean;
}

export const AKS_ROTATION: Rotation = { maxBytes: 50 * 2 ** 20, maxFiles: 5 };

/** containerd splits longer lines. */
const PART_BYTES = 16_384;

/**
 * Milliseconds in which a container goes on in the file that the kubelet has renamed, until containerd opens the new one. A few on a
 * node; more here, so that what a reader loses in them shows in a run of minutes: Alloy looks at a file every 250 ms.
 */
const REOPENED_AFTER = 20;

/** One container that logs, with its files as containerd and the kubelet keep them. */
export class Application {
  readonly namespace: string;
  readonly pod: string;
  readonly folder: string;
  readonly #ledger: Ledger;
  readonly #rotation: Rotation;
  readonly #file: string;
  #descriptor: number;
  #reopening: NodeJS.Timeout | undefined;
  #written = 0;
  #last = 0n;

  constructor(podLogs: string, namespace: string, pod: string, ledger: Ledger, rotation = AKS_ROTATION) {
    this.namespace = namespace;
    this.pod = pod;
    this.folder = join(podLogs, `${namespace}_${pod}_${randomUUID()}`);
    this.#ledger = ledger;
    this.#rotation = rotation;
    mkdirSync(join(this.folder, "app"), { recursive: true });
    this.#file = join(this.folder, "app", "0.log");
    this.#descriptor = openSync(this.#file, "a");
  }

  /** Writes a line as the application would, with a moment of its own. `ago` nanoseconds make it an old one. */
  write(ago = 0n): void {
    this.#write(ago);
  }

  /** Writes a line that is short, and quickly made. */
  writeShort(): void {
    const id = `${this.namespace}/${this.pod}/${this.#written++}`;
    const text = `id=${id} over and over`;
    this.#ledger.add(id, text, this.#writeParts(text, 0n));
  }

  /**
   * @param between what happens behind the first of the parts that containerd makes of a long line. Once: the kubelet's next look is ten
   * seconds away, and no file of a node is rotated away right after it was made.
   */
  #write(ago: bigint, between?: () => void, long = false): void {
    const id = `${this.namespace}/${this.pod}/${this.#written++}`;
    const text = lineOf(id, long ? this.#written * 211 : this.#written);
    this.#ledger.add(id, text, this.#writeParts(text, ago, between));
  }

  /** Writes a text that is no line of the ledger. */
  writeText(text: string): void {
    this.#writeParts(text, 0n);
  }

  #writeParts(text: string, ago: bigint, between?: () => void): bigint {
    let at = BigInt(Date.now()) * 1_000_000n - ago;
    // No two lines of a pod at the same nanosecond: Loki takes the same text at the same time for the same line.
    if (at <= this.#last) at = this.#last + 1n;
    this.#last = at;
    const time = timestamp(at);
    const parts = Math.ceil(text.length / PART_BYTES);
    for (let part = 0; part < parts; part++) {
      const flag = part < parts - 1 ? "P" : "F";
      const end = (part + 1) * PART_BYTES;
      writeSync(this.#descriptor, `${time} stdout ${flag} ${text.slice(part * PART_BYTES, end)}\n`);
      if (part === 0 && flag === "P") between?.();
    }
    return at;
  }

  /** The kubelet's look at the file. A rotation waits neither for the end of a line nor for a container to be silent. */
  rotateIfDue(now = new Date()): void {
    if (this.#reopening || statSync(this.#file).size < this.#rotation.maxBytes) return;
    if (this.#rotation.splitsLines !== false) {
      this.#write(0n, () => this.rotate(now), true);
    } else if (this.#rename(now)) {
      this.#reopening = setTimeout(() => {
        this.#write(0n);
        this.#reopen();
      }, REOPENED_AFTER);
    }
  }

  /** What the kubelet does with a file that is too large. https://github.com/kubernetes/kubernetes/blob/v1.34.2/pkg/kubelet/logs/container_log_manager.go */
  rotate(now = new Date()): void {
    if (this.#rename(now)) this.#reopen();
  }

  #rename(now: Date): boolean {
    const folder = join(this.folder, "app");
    const rotated = `${this.#file}.${now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;
    if (existsSync(rotated)) return false;
    const older = readdirSync(folder)
      .filter((name) => name.startsWith("0.log."))
      .sort();
    // Two places are for the file that is written and the one that is being rotated.
    const excess = older.splice(0, Math.max(0, older.length - (this.#rotation.maxFiles - 2)));
    for (const name of excess) rmSync(join(folder, name));
    for (const name of older.filter((n) => !n.endsWith(".gz"))) {
      const path = join(folder, name);
      writeFileSync(`${path}.tmp`, gzipSync(readFileSync(path), { level: 1 }));
      renameSync(`${path}.tmp`, `${path}.gz`);
      rmSync(path);
    }
    renameSync(this.#file, rotated);
    return true;
  }

  #reopen(): void {
    this.#reopening = undefined;
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, "a");
  }

  #close(): void {
    clearTimeout(this.#reopening);
    closeSync(this.#descriptor);
  }

  /** The pod is deleted, and the kubelet removes its folder. */
  delete(): void {
    this.#close();
    rmSync(this.folder, { recursive: true });
  }

  /** The pod has ended; its files stay. */
  end(): void {
    this.#close();
  }
}

const WORDS =
  "order payment cart user session retry timeout upstream cache invoice shipment token queue worker batch".split(" ");

/** Text of a line: mostly JSON or logfmt of usual length, now and then one that containerd splits. The same for the same id. */
export function lineOf(id: string, n: number): string {
  const words = Array.from({ length: 6 + (n % 9) }, (_, i) => WORDS[(n * 7 + i * 5) % WORDS.length]).join(" ");
  const level = n % 41 === 0 ? "Error" : "Information";
  if (n % 211 === 0) return `id=${id} level=${level} stack="${`${words} at frame ${n}; `.repeat(400 + (n % 40) * 20)}"`;
  return n % 2 === 0
    ? JSON.stringify({ id, Level: level, Message: words, elapsedMs: (n * 37) % 900 })
    : `id=${id} level=${level} msg="${words}" elapsed=${(n * 37) % 900}ms`;
}

/** The id in a line, or nothing: then it is no line of ours, or half of one. */
export const idOf = (text: string): string | undefined => /^(?:\{"id":"|id=)([\w./-]+)/.exec(text)?.[1];

/** As containerd writes it. */
const timestamp = (nanoseconds: bigint): string =>
  new Date(Number(nanoseconds / 1_000_000n))
    .toISOString()
    .replace(/\d{3}Z$/, `${String(nanoseconds % 1_000_000_000n).padStart(9, "0")}Z`);

/** Applications that log together at a rate, until they are stopped. */
export class Workload {
  readonly ledger: Ledger;
  readonly applications: readonly Application[];
  readonly #timers: NodeJS.Timeout[];
  readonly #started = performance.now();
  #written = 0;

  /** @param name prefix of the namespaces; letters and digits, no other workload's prefix. */
  constructor(
    podLogs: string,
    name: string,
    { pods = 12, firstPod = 0, linesPerSecond = 200, rotation = AKS_ROTATION as Rotation, ago = 0n } = {},
  ) {
    this.ledger = new Ledger(name);
    this.applications = Array.from(
      { length: pods },
      (_, i) => new Application(podLogs, `${name}-${i % 4}`, `${name}-app-${firstPod + i}`, this.ledger, rotation),
    );
    this.#timers = [
      setInterval(() => {
        const due = Math.floor(((performance.now() - this.#started) / 1000) * linesPerSecond);
        while (this.#written < due) this.#next().write(ago);
      }, 100),
      setInterval(() => {
        for (const application of this.applications) application.rotateIfDue();
      }, 10_000),
    ];
    // A scenario that fails before it stops its workload does not keep the whole run from ending.
    for (const timer of this.#timers) timer.unref();
  }

  /** Lines come in turn, and every thousandth time as a burst of one pod. */
  #next(): Application {
    const n = this.#written++;
    const burst = n % 1000 < 100;
    return this.applications[(burst ? Math.floor(n / 1000) : n) % this.applications.length] as Application;
  }

  get lines(): number {
    return this.ledger.lines.size;
  }

  /** Pods end; their files stay as they are. */
  stop(): Ledger {
    for (const timer of this.#timers) clearInterval(timer);
    for (const application of this.applications) application.end();
    return this.ledger;
  }

  /** The pods are deleted with their files. */
  delete(): void {
    for (const { folder } of this.applications) rmSync(folder, { recursive: true, force: true });
  }
}
