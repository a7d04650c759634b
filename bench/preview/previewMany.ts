// Previews the stacks that are named, a number of them at once, by the project's own library, and prints what that took.
// `node previewMany.ts 4 stack stack …`, in the project's folder, as a pipeline would.
import { previewStack } from "../../automation/engine/stackPreview.ts";
import { PreviewMemory } from "./processMemory.ts";

/** What previewing a number of stacks took. */
export interface Many {
  readonly stacks: number;
  /** From the first's begin to the last's end. */
  readonly seconds: number;
  /** Of each, in the order in which they ended. */
  readonly each: readonly number[];
  /** Peak of each, MB. */
  readonly peaks: readonly number[];
  /** Peak of all at once and of this process, MB. */
  readonly peakOfAll: number;
  /** This process alone at the end, MB. */
  readonly own: number;
}

const [atOnce = "4", ...stacks] = process.argv.slice(2);
const memory = new PreviewMemory();
const each: number[] = [];
const waiting = [...stacks];
const begun = performance.now();
await Promise.all(Array.from({ length: Number(atOnce) }, previewNext));
const ended = performance.now();
memory.stop();
const many: Many = {
  stacks: stacks.length,
  seconds: (ended - begun) / 1000,
  each,
  peaks: [...memory.peaks.values()].map(megabytes),
  peakOfAll: megabytes(memory.peakOfAll),
  own: megabytes(process.memoryUsage.rss()),
};
console.log(JSON.stringify(many));

async function previewNext(): Promise<void> {
  for (let stack = waiting.shift(); stack; stack = waiting.shift()) {
    const begun = performance.now();
    const { changed } = await previewStack(stack);
    if (!changed) throw new Error(`${stack} is new, and nothing would be created`);
    each.push((performance.now() - begun) / 1000);
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
