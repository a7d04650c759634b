import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { AKS_ROTATION } from "./containerLog.ts";

/** Lines of a block, 217 bytes on average. */
const LINES = 1000;
const TICK_MS = 100;
/** Bytes of `2026-11-26T22:00:00.000`, which differ between blocks. The six digits behind them number the lines of a block. */
const TIME_BYTES = 23;

/** One container that writes more than Alloy can read. Its lines are made once and written in blocks. */
export class Flood {
  readonly namespace: string;
  readonly folder: string;
  lines = 0;
  bytes = 0;
  readonly #file: string;
  readonly #block: Buffer;
  readonly #starts: readonly number[];
  readonly #timers: NodeJS.Timeout[];
  readonly #started = performance.now();
  #descriptor: number;
  #lastMs = 0;

  /** @param uid of the pod. Its first digit decides which of Alloy's receivers reads it. */
  constructor(podLogs: string, namespace: string, uid: string, mbPerSecond: number) {
    this.namespace = namespace;
    this.folder = join(podLogs, `${namespace}_flood-app-0_${uid}`);
    mkdirSync(join(this.folder, "app"), { recursive: true });
    this.#file = join(this.folder, "app", "0.log");
    this.#descriptor = openSync(this.#file, "a");
    const lines = Array.from({ length: LINES }, (_, i) => Buffer.from(lineOf(i)));
    this.#block = Buffer.concat(lines);
    let at = 0;
    this.#starts = lines.map(({ length }) => {
      at += length;
      return at - length;
    });
    this.#timers = [
      setInterval(() => {
        const due = ((performance.now() - this.#started) / 1000) * mbPerSecond * 1e6;
        while (this.bytes < due) this.#write();
      }, TICK_MS),
      // The kubelet looks at the size of the files every ten seconds.
      setInterval(() => this.#rotateIfDue(), 10_000),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  #write(): void {
    // No two blocks share a millisecond: Loki treats equal texts with equal times as one line.
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 1);
    const time = Buffer.from(new Date(this.#lastMs).toISOString().slice(0, TIME_BYTES));
    for (const start of this.#starts) time.copy(this.#block, start);
    writeSync(this.#descriptor, this.#block);
    this.lines += LINES;
    this.bytes += this.#block.length;
  }

  /** As the kubelet does. It packs in a process beside this one, or the neighbours would wait for it. */
  #rotateIfDue(): void {
    if (statSync(this.#file).size < AKS_ROTATION.maxBytes) return;
    const folder = join(this.folder, "app");
    const older = readdirSync(folder)
      .filter((name) => /^0\.log\.[^.]*(\.gz)?$/.test(name))
      .sort();
    for (const name of older.splice(0, Math.max(0, older.length - (AKS_ROTATION.maxFiles - 2))))
      rmSync(join(folder, name));
    for (const name of older.filter((n) => !n.endsWith(".gz"))) {
      const path = join(folder, name);
      const pack = `gzip -1 <"$0" >"$0.tmp" && mv "$0.tmp" "$0.gz" && rm "$0"`;
      if (!existsSync(`${path}.tmp`)) spawn("sh", ["-c", pack, path], { stdio: "ignore" }).unref();
    }
    const now = new Date().toISOString();
    renameSync(this.#file, `${this.#file}.${now.replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, "a");
  }

  /** Ends the pod; the kubelet removes its folder. */
  delete(): void {
    for (const timer of this.#timers) clearInterval(timer);
    closeSync(this.#descriptor);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const lineOf = (i: number): string =>
  `2026-01-01T00:00:00.000${String(i).padStart(6, "0")}Z stdout F id=flood/${i} level=debug ${"over and over ".repeat(2 + (i % 18))}${(i * 7919) % 104_729}\n`;
