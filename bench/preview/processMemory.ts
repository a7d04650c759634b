// Memory of process trees, from Linux's /proc.
import { readdirSync, readFileSync } from "node:fs";

const PAGE = 4096;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Bytes in memory, with what it shares with others. */
  readonly bytes: number;
  readonly command: string;
}

/** Watches what every preview below this process takes. */
export class PreviewMemory {
  /** By stack: the most that its processes had in memory at one moment, bytes. */
  readonly peaks = new Map<string, number>();
  /** The most that all of them and this process had at one moment, bytes. */
  peakOfAll = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(everyMs = 100) {
    this.#timer = setInterval(() => this.#look(), everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const children = Map.groupBy(processes(), ({ parent }) => parent);
    const bytes = (one: Process): number =>
      one.bytes + (children.get(one.pid) ?? []).reduce((sum, child) => sum + bytes(child), 0);
    let all = process.memoryUsage.rss();
    for (const child of children.get(process.pid) ?? []) {
      const own = bytes(child);
      all += own;
      const stack = /\0preview\0(?:.*\0)?--stack\0([^\0]+)/s.exec(child.command)?.[1];
      if (stack) this.peaks.set(stack, Math.max(own, this.peaks.get(stack) ?? 0));
    }
    this.peakOfAll = Math.max(this.peakOfAll, all);
  }
}

function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Process[] => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        // After the program's name in brackets, which may hold anything: state, parent, … and the pages in memory.
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
        return [{ pid: Number(name), parent: Number(fields[1]), bytes: Number(fields[21]) * PAGE, command }];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}
