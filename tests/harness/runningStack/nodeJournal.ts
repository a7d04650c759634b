import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/** systemd's program that writes journal files from text, in Debian's package systemd-journal-remote. */
const WRITER = "/lib/systemd/systemd-journal-remote";

/** Why a test with a journal cannot run. */
export const journalMissing = (): string | false =>
  spawnSync(WRITER, ["--version"]).status !== 0 && `${WRITER} is missing: the system's package systemd-journal-remote`;

const ID = "0123456789abcdef".repeat(2);

/** The journal of a node, written by systemd's own program. */
export class NodeJournal {
  /** Lines that were written to a unit, in their order. */
  readonly written = new Map<string, string[]>();
  readonly #folder: string;
  #entries = 0;
  #rotations = 0;

  /** @param folder The node's `/var/log/journal`. */
  constructor(folder: string) {
    this.#folder = join(folder, ID);
    mkdirSync(this.#folder, { recursive: true });
  }

  /** Appends entries of a unit, or of the kernel. */
  write(unit: string, count: number, priority = 6): void {
    const lines = this.written.get(unit) ?? [];
    this.written.set(unit, lines);
    const text = Array.from({ length: count }, () => {
      const n = ++this.#entries;
      lines.push(`entry ${n} of ${unit}`);
      const at = Date.now() * 1000 + (n % 1000);
      const source = unit === "kernel" ? "_TRANSPORT=kernel" : `_TRANSPORT=stdout\n_SYSTEMD_UNIT=${unit}`;
      return `__REALTIME_TIMESTAMP=${at}\n__MONOTONIC_TIMESTAMP=${n}\n_BOOT_ID=${ID}\n_MACHINE_ID=${ID}\n${source}\nPRIORITY=${priority}\nMESSAGE=${lines.at(-1)}\n`;
    }).join("\n");
    const { status, stderr } = spawnSync(WRITER, ["-o", join(this.#folder, "system.journal"), "-"], {
      input: `${text}\n`,
    });
    if (status !== 0) throw new Error(`${WRITER}: ${stderr}`);
  }

  /** Begins a new file, as journald does. */
  rotate(): void {
    renameSync(
      join(this.#folder, "system.journal"),
      join(this.#folder, `system@${String(++this.#rotations).padStart(4, "0")}.journal`),
    );
  }

  /** Removes all rotated files, as `journalctl --vacuum-files` does. */
  vacuum(): void {
    for (const name of readdirSync(this.#folder)) if (name.includes("@")) rmSync(join(this.#folder, name));
  }
}
