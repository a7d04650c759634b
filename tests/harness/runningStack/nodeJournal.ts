import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Loose } from "../manifest.ts";
import { nodeFolder } from "../pods/node.ts";
import { Pod } from "../pods/pod.ts";
import type { Planted } from "../secrets.ts";
import { renderStack } from "./renderedStack.ts";
import type { RunningStack } from "./runningStack.ts";

/** systemd's program that writes journal files from text, in Debian's package systemd-journal-remote. */
const WRITER = "/lib/systemd/systemd-journal-remote";

/** Why a test with a journal cannot run. */
export const journalMissing = (): string | false =>
  spawnSync(WRITER, ["--version"]).status !== 0 && `${WRITER} is missing: the system's package systemd-journal-remote`;

const ID = "0123456789abcdef".repeat(2);

/** The journal of a node, written by systemd's own program. */
export class NodeJournal {
  /** The machine's id, which names the folder of its journal. */
  static readonly ID = ID;
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

  /** The journal of one of a running stack's nodes. */
  static of({ folder }: RunningStack, node: number): NodeJournal {
    return new NodeJournal(join(nodeFolder(folder, node), "var/log/journal"));
  }

  /** Appends entries of a unit, or of the kernel. */
  write(unit: string, count: number, priority = 6): void {
    const texts = Array.from({ length: count }, (_, i) => `entry ${this.#entries + i + 1} of ${unit}`);
    this.append(unit, texts, { priority });
    this.#expect(unit, texts);
  }

  /** Appends entries that hold secrets, and expects the lines without them. */
  plant(unit: string, secrets: readonly Planted[]): void {
    const first = this.#entries + 1;
    const texts = (shown: (planted: Planted) => string): string[] =>
      secrets.map((planted, i) => `entry ${first + i} of ${unit}: ${planted.text(shown(planted))}`);
    this.append(
      unit,
      texts(({ secret }) => secret),
    );
    this.#expect(
      unit,
      texts(({ rule }) => `[masked:${rule}]`),
    );
  }

  /** Appends one entry of another time, and expects nothing of it. */
  writeOld(unit: string, agoMs: number): void {
    this.append(unit, [`an old entry of ${unit}`], { agoMs });
  }

  #expect(unit: string, texts: readonly string[]): void {
    this.written.set(unit, [...(this.written.get(unit) ?? []), ...texts]);
  }

  /** Appends entries, and expects nothing of them. */
  append(unit: string, texts: readonly string[], { priority = 6, agoMs = 0 } = {}): void {
    const entries = texts.map((text) => {
      const n = ++this.#entries;
      const at = (Date.now() - agoMs) * 1000 + (n % 1000);
      const source = unit === "kernel" ? "_TRANSPORT=kernel" : `_TRANSPORT=stdout\n_SYSTEMD_UNIT=${unit}`;
      return `__REALTIME_TIMESTAMP=${at}\n__MONOTONIC_TIMESTAMP=${n}\n_BOOT_ID=${ID}\n_MACHINE_ID=${ID}\n${source}\nPRIORITY=${priority}\nMESSAGE=${text}\n`;
    });
    const { status, stderr } = spawnSync(WRITER, ["-o", join(this.#folder, "system.journal"), "-"], {
      input: `${entries.join("\n")}\n`,
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

/** Alloy's pod with the container of the journal alone, as the stack plans it. The other containers are in the stack's own pod. */
export async function journalPod(
  running: RunningStack,
  node: number,
  units: readonly string[],
  mask: readonly Loose[] = [],
): Promise<Pod> {
  const { manifests, objects } = await renderStack({
    stack: "prod-aks-a",
    caFile: running.store.ca.certificate,
    change: (config) => {
      config.alloy = { ...config.alloy, journal: { units }, mask };
    },
  });
  const daemonSet: Loose = manifests.find(({ kind }) => kind === "DaemonSet");
  const { template } = daemonSet.spec;
  const containers = template.spec.containers.filter(({ name }: Loose) => name === "journal");
  const context = {
    ...{ folder: running.folder, programs: running.programs, namespace: "logging", probe: "readiness" as const },
    objects: () => ({ configMaps: objects.configMaps, secrets: running.stack.objects.secrets }),
  };
  const spec = { ...template.spec, initContainers: [], containers };
  return new Pod(`journal-${node}`, "10.244.1.3", { ...template, spec }, context, node);
}
