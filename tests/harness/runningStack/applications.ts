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
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Ledger, lineOf } from "./ledger.ts";

/** The kubelet's settings of a node. AKS: 50 MB and 5 files. */
export interface Rotation {
  readonly maxBytes: number;
  readonly maxFiles: number;
  /**
   * Whether every rotation falls between two parts of a long line, which is rare on a node. Otherwise the container writes to the renamed
   * file for a moment longer. Default: true.
   */
  readonly splitsLines?: boolean;
}

export const AKS_ROTATION: Rotation = { maxBytes: 50 * 2 ** 20, maxFiles: 5 };

/** containerd splits lines that are longer. */
const PART_BYTES = 16_384;

/**
 * How long a container writes to the file that the kubelet has renamed, until containerd opens the new one. On a node it is a few
 * milliseconds. Alloy reads a file every 250 ms, so a longer time shows within minutes what a reader loses.
 */
const REOPENED_AFTER_MS = 20;

/** One container that logs. Its files are those that containerd and the kubelet would keep. */
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

  /** Writes a line. @param ago age of its timestamp, ns. */
  write(ago = 0n): void {
    this.#write(ago);
  }

  /** Writes a short line, which takes little time to make. */
  writeShort(): void {
    this.writeWithId((id) => `id=${id} over and over`);
  }

  /** Writes a text that contains its id. @param shown what Loki has to show of it. Default: the text. */
  writeWithId(text: (id: string) => string, shown = text): void {
    const id = `${this.namespace}/${this.pod}/${this.#written++}`;
    this.#ledger.add(id, shown(id), this.#writeParts(text(id), 0n));
  }

  /**
   * @param between runs after the first of the parts into which containerd splits a long line. Only once: the kubelet looks at a file
   * every ten seconds, so it does not rotate a new file at once.
   */
  #write(ago: bigint, between?: () => void, long = false): void {
    const id = `${this.namespace}/${this.pod}/${this.#written++}`;
    const text = lineOf(id, long ? this.#written * 211 : this.#written);
    this.#ledger.add(id, text, this.#writeParts(text, ago, between));
  }

  /** Writes a text that the ledger does not have. */
  writeText(text: string): void {
    this.#writeParts(text, 0n);
  }

  #writeParts(text: string, ago: bigint, between?: () => void): bigint {
    const parts = Math.ceil(text.length / PART_BYTES);
    for (let part = 0; part < parts; part++) {
      const flag = part < parts - 1 ? "P" : "F";
      const end = (part + 1) * PART_BYTES;
      const time = timestamp(this.#now(ago));
      writeSync(this.#descriptor, `${time} stdout ${flag} ${text.slice(part * PART_BYTES, end)}\n`);
      if (part === 0 && flag === "P") between?.();
    }
    return this.#last;
  }

  /** The time that containerd gives to a line, or to each part of a long one. No two of a pod are the same. */
  #now(ago: bigint): bigint {
    const now = BigInt(Date.now()) * 1_000_000n - ago;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }

  /** Rotates the file if it is too large, as the kubelet does: without regard to unfinished lines. */
  rotateIfDue(now = new Date()): void {
    if (this.#reopening || statSync(this.#file).size < this.#rotation.maxBytes) return;
    if (this.#rotation.splitsLines !== false) {
      this.#write(0n, () => this.rotate(now), true);
    } else if (this.#rename(now)) {
      this.#reopening = setTimeout(() => {
        this.#write(0n);
        this.#reopen();
      }, REOPENED_AFTER_MS);
    }
  }

  /** Rotates the file as the kubelet does. https://github.com/kubernetes/kubernetes/blob/v1.34.2/pkg/kubelet/logs/container_log_manager.go */
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
    // The file that is written and the one that is being rotated count too.
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

  /** Deletes the pod; the kubelet removes its folder. */
  delete(): void {
    this.#close();
    rmSync(this.folder, { recursive: true });
  }

  /** Ends the pod; its files stay. */
  end(): void {
    this.#close();
  }
}

/** A time in containerd's format. */
const timestamp = (nanoseconds: bigint): string =>
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

  /** Ends one pod and, five seconds later, deletes its files, while the others go on. */
  async deleteOne(): Promise<void> {
    const application = this.applications.pop();
    await sleep(5000);
    application?.delete();
  }

  /** Deletes the pods with their files. */
  delete(): void {
    for (const { folder } of this.applications) rmSync(folder, { recursive: true, force: true });
  }
}
