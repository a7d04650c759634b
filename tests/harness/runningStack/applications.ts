import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AKS_ROTATION, ContainerLog, type Rotation } from "./containerLog.ts";
import { Ledger, lineOf, type Stream } from "./ledger.ts";

/** containerd splits lines that are longer. */
export const PART_BYTES = 16_384;

/**
 * How long a container writes to the file that the kubelet has renamed, until containerd opens the new one. On a node it is a few
 * milliseconds. Alloy reads a file every second, so a longer time shows within minutes what a reader loses.
 */
const REOPENED_AFTER_MS = 20;

/** A line, and what containerd writes for it: one record, or one for each part. */
interface Line {
  readonly id: string;
  readonly text: string;
  readonly stream: Stream;
  readonly records: readonly string[];
}

/** What decides a line. */
interface LineOptions {
  /** Age of its timestamp, ns. Default: 0. */
  readonly ago?: bigint;
  /** Default: every fifth line goes to stderr. */
  readonly stream?: Stream;
  /** Makes it so long that containerd splits it. */
  readonly long?: boolean;
  /** Default: a line of usual content. */
  readonly text?: (id: string) => string;
  /** What Loki has to show of the text. Default: the text. */
  readonly shown?: (id: string) => string;
}

/** One container that logs to both of its streams. Its files are those that containerd and the kubelet would keep. */
export class Application {
  readonly namespace: string;
  readonly pod: string;
  readonly folder: string;
  readonly #ledger: Ledger;
  readonly #rotation: Rotation;
  readonly #log: ContainerLog;
  #reopening: NodeJS.Timeout | undefined;
  #written = 0;
  #last = 0n;

  constructor(
    podLogs: string,
    namespace: string,
    pod: string,
    ledger: Ledger,
    rotation = AKS_ROTATION,
    uid: string = randomUUID(),
  ) {
    this.namespace = namespace;
    this.pod = pod;
    this.folder = join(podLogs, `${namespace}_${pod}_${uid}`);
    this.#ledger = ledger;
    this.#rotation = rotation;
    this.#log = new ContainerLog(join(this.folder, "app"), rotation);
  }

  /** Writes a line. The other stream interrupts a line that containerd splits. */
  write(options: LineOptions = {}): void {
    const line = this.#line(options);
    if (line.records.length === 1) this.#append(line.records);
    else this.#appendInTurn(line, this.#interruption(line, options));
  }

  /** Writes a short line, which takes little time to make. */
  writeShort(): void {
    this.writeWithId((id) => `id=${id} over and over`);
  }

  /** Writes a text that contains its id. @param shown what Loki has to show of it. Default: the text. */
  writeWithId(text: (id: string) => string, shown = text): void {
    this.#append(this.#line({ stream: "stdout", text, shown }).records);
  }

  /** Writes a text that the ledger does not have. */
  writeText(text: string, stream: Stream = "stdout"): void {
    this.#append(this.#records(text, stream, 0n));
  }

  /** Writes bytes as they are. */
  writeRaw(bytes: string | Buffer): void {
    this.#log.append(bytes);
  }

  /** Writes all but the last part of a long line. @returns writes the rest. */
  begin(options: LineOptions = {}): (rest?: { late?: boolean }) => void {
    const { id, text, records } = this.#line({ ...options, long: true });
    this.#append(records.slice(0, -1));
    return ({ late = false } = {}) => {
      const written = PART_BYTES * (records.length - 1);
      if (late) this.#ledger.splitAt(id, text.slice(0, written), text.slice(written));
      this.#append(records.slice(-1));
    };
  }

  /**
   * Writes an entry of several lines, up to its middle.
   *
   * @returns writes the rest.
   */
  beginEntry(text: (id: string) => string, stream: Stream = "stdout"): (options?: { rotated?: boolean }) => void {
    const { id, text: content } = this.#line({ stream, text });
    const lines = content.split("\n");
    const half = Math.ceil(lines.length / 2);
    const [head, tail] = [lines.slice(0, half), lines.slice(half)];
    const write = (some: readonly string[]): void => {
      for (const line of some) this.#append(this.#records(line, stream, 0n));
    };
    write(head);
    return ({ rotated = false } = {}) => {
      if (rotated && this.rotate()) this.#ledger.splitAt(id, head.join("\n"), tail.join("\n"));
      write(tail);
    };
  }

  /** Writes text without a newline and ends: containerd marks it as a part that has no end. */
  lastWords(text: (id: string) => string, stream: Stream = "stderr"): void {
    const { records } = this.#line({ stream, text });
    this.#append(records.map((record) => record.replace(/^(\S+ \S+) F/, "$1 P")));
  }

  #line({ ago = 0n, stream, long = false, text = (id) => lineOf(id, this.#written), shown = text }: LineOptions): Line {
    const id = `${this.namespace}/${this.pod}/${this.#written++}`;
    const to = stream ?? (this.#written % 5 === 0 ? "stderr" : "stdout");
    const content = long ? lineOf(id, this.#written * 211) : text(id);
    const records = this.#records(content, to, ago);
    this.#ledger.add(id, long ? content : shown(id), this.#last, to);
    return { id, text: content, stream: to, records };
  }

  /** What the other stream writes between the parts of a line: a short line. */
  #interruption({ stream }: Line, { ago = 0n }: LineOptions): Line {
    return this.#line({
      ago,
      stream: stream === "stdout" ? "stderr" : "stdout",
      text: (id) => `id=${id} between the parts`,
    });
  }

  /** containerd gives each part the time at which it wrote it. */
  #records(text: string, stream: Stream, ago: bigint): string[] {
    return Array.from({ length: Math.max(1, Math.ceil(text.length / PART_BYTES)) }, (_, part, of = text.length) => {
      const end = (part + 1) * PART_BYTES;
      const now = BigInt(Date.now()) * 1_000_000n - ago;
      // Two lines of a pod never share a nanosecond: Loki treats equal texts with equal times as one line.
      this.#last = now <= this.#last ? this.#last + 1n : now;
      return `${timestamp(this.#last)} ${stream} ${end < of ? "P" : "F"} ${text.slice(part * PART_BYTES, end)}\n`;
    });
  }

  #append(records: readonly string[]): void {
    for (const record of records) this.#log.append(record);
  }

  #appendInTurn(...lines: Line[]): void {
    for (let part = 0; part < Math.max(...lines.map(({ records }) => records.length)); part++)
      this.#append(lines.flatMap(({ records }) => records[part] ?? []));
  }

  /** Rotates the file if it is too large, as the kubelet does: without regard to unfinished lines. */
  rotateIfDue(now = new Date()): void {
    if (this.#reopening || this.#log.size < this.#rotation.maxBytes) return;
    // Only one rotation for each look: the kubelet looks at a file every ten seconds, so it does not rotate a new file at once.
    if (this.#rotation.splitsLines !== false) this.rotateInALine(now);
    else if (this.#log.rename(now)) {
      this.#reopening = setTimeout(() => {
        this.write();
        this.#reopen();
      }, REOPENED_AFTER_MS);
    }
  }

  /** Rotates the file between the first two parts of a line. */
  rotateInALine(now = new Date()): void {
    const { id, text, records } = this.#line({ long: true });
    this.#append(records.slice(0, 1));
    if (this.rotate(now)) this.#ledger.splitAt(id, text.slice(0, PART_BYTES), text.slice(PART_BYTES));
    this.#append(records.slice(1));
  }

  /** Rotates the file as the kubelet does. @returns whether it did: twice in a second it does not. */
  rotate(now = new Date()): boolean {
    const renamed = this.#log.rename(now);
    if (renamed) this.#reopen();
    return renamed;
  }

  #reopen(): void {
    this.#reopening = undefined;
    this.#log.reopen();
  }

  /** Deletes the pod; the kubelet removes its folder. */
  delete(): void {
    this.end();
    rmSync(this.folder, { recursive: true });
  }

  /** Ends the pod; its files stay. */
  end(): void {
    clearTimeout(this.#reopening);
    this.#log.close();
  }
}

/** A time in containerd's format. */
export const timestamp = (nanoseconds: bigint): string =>
  new Date(Number(nanoseconds / 1_000_000n))
    .toISOString()
    .replace(/\d{3}Z$/, `${String(nanoseconds % 1_000_000_000n).padStart(9, "0")}Z`);

/** Applications that log together at a given rate until they are stopped. */
export class Workload {
  readonly ledger: Ledger;
  readonly applications: Application[];
  readonly #timers: NodeJS.Timeout[];
  readonly #started = performance.now();
  #written = 0;

  /** @param name prefix of the namespaces: letters and digits, and not the prefix of another workload. */
  constructor(
    podLogs: string,
    name: string,
    { pods = 12, firstPod = 0, linesPerSecond = 200, rotation = AKS_ROTATION as Rotation, ago = 0n } = {},
  ) {
    this.ledger = new Ledger(name);
    this.applications = Array.from({ length: pods }, (_, i) => {
      // The first digit of the UID decides which of Alloy's receivers reads the pod.
      const uid = `${(i % 16).toString(16)}${randomUUID().slice(1)}`;
      return new Application(podLogs, `${name}-${i % 4}`, `${name}-app-${firstPod + i}`, this.ledger, rotation, uid);
    });
    this.#timers = [
      setInterval(() => {
        const due = Math.floor(((performance.now() - this.#started) / 1000) * linesPerSecond);
        while (this.#written < due) this.#next().write({ ago });
      }, 100),
      setInterval(() => {
        for (const application of this.applications) application.rotateIfDue();
      }, 10_000),
    ];
    // A scenario that fails before it stops its workload must not keep the run alive.
    for (const timer of this.#timers) timer.unref();
  }

  /** Pods take turns. One hundred of every thousand lines are a burst of a single pod. */
  #next(): Application {
    const n = this.#written++;
    const burst = n % 1000 < 100;
    return this.applications[(burst ? Math.floor(n / 1000) : n) % this.applications.length] as Application;
  }

  get lines(): number {
    return this.ledger.lines.size;
  }

  /** Ends the pods; their files stay. */
  stop(): Ledger {
    for (const timer of this.#timers) clearInterval(timer);
    for (const application of this.applications) application.end();
    return this.ledger;
  }

  /** Ends one pod, and deletes its files when they must have been read. The others go on. */
  async deleteOne(): Promise<void> {
    const application = this.applications.pop();
    await sleep(20_000);
    application?.delete();
  }

  /** Deletes the pods with their files. */
  delete(): void {
    for (const { folder } of this.applications) rmSync(folder, { recursive: true, force: true });
  }
}
