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
import { gzipSync } from "node:zlib";

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

/** The log files of one container, as containerd writes them and the kubelet rotates them. */
export class ContainerLog {
  readonly #folder: string;
  readonly #file: string;
  readonly #maxFiles: number;
  #descriptor: number;

  constructor(folder: string, { maxFiles }: Rotation) {
    this.#folder = folder;
    this.#file = join(folder, "0.log");
    this.#maxFiles = maxFiles;
    mkdirSync(folder, { recursive: true });
    this.#descriptor = openSync(this.#file, "a");
  }

  /** Size of the file that is written, bytes. */
  get size(): number {
    return statSync(this.#file).size;
  }

  append(text: string | Buffer): void {
    writeSync(this.#descriptor, text as string);
  }

  /**
   * Renames the file as the kubelet does: without regard to unfinished lines. The container writes to the renamed file until `reopen`.
   * https://github.com/kubernetes/kubernetes/blob/v1.34.2/pkg/kubelet/logs/container_log_manager.go
   *
   * @returns whether it was renamed. A second rotation in the same second would have the same name.
   */
  rename(now: Date): boolean {
    const rotated = `${this.#file}.${now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;
    if (existsSync(rotated)) return false;
    const older = readdirSync(this.#folder)
      .filter((name) => name.startsWith("0.log."))
      .sort();
    // The file that is written and the one that is being rotated count too.
    const excess = older.splice(0, Math.max(0, older.length - (this.#maxFiles - 2)));
    for (const name of excess) rmSync(join(this.#folder, name));
    for (const name of older.filter((n) => !n.endsWith(".gz"))) this.#pack(join(this.#folder, name));
    renameSync(this.#file, rotated);
    return true;
  }

  #pack(path: string): void {
    writeFileSync(`${path}.tmp`, gzipSync(readFileSync(path), { level: 1 }));
    renameSync(`${path}.tmp`, `${path}.gz`);
    rmSync(path);
  }

  reopen(): void {
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, "a");
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
