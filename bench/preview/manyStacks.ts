// Many stacks of one project, a few at once, as a pipeline previews them all.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type BenchEnvironment, temporaryFolder } from "./environment.ts";
import type { Many } from "./previewMany.ts";
import { median } from "./rounds.ts";

const AT_ONCE = 4;

/** @param counts how many stacks, one run after the other. */
export async function manyStacks(bench: BenchEnvironment, counts: readonly number[]): Promise<string> {
  const names = Array.from({ length: Math.max(...counts) }, (_, i) => `prod-aks-${i + 100}`);
  for (const name of names) await bench.addStack(name);
  const TMPDIR = temporaryFolder(bench);
  // The first fills the caches.
  await preview(bench, names.slice(0, AT_ONCE), TMPDIR);
  const rows: string[] = [];
  for (const count of counts) rows.push(row(await preview(bench, names.slice(0, count), TMPDIR)));
  return [
    `| stacks, ${AT_ONCE} at once | seconds | seconds per stack | one preview: median (max) | memory of one preview, MB: median (max) | memory of everything, peak, MB | of which the process that calls, at the end |`,
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

async function preview({ engine }: BenchEnvironment, stacks: readonly string[], TMPDIR: string): Promise<Many> {
  const running = promisify(execFile)(
    process.execPath,
    ["--require", "./requireNode.cjs", join(import.meta.dirname, "previewMany.ts"), String(AT_ONCE), ...stacks],
    { cwd: engine.project, env: { ...process.env, ...engine.environment, TMPDIR }, maxBuffer: 64 * 2 ** 20 },
  );
  // An interrupted benchmark ends at once, and what it started with it.
  const end = () => running.child.kill();
  process.once("exit", end);
  const { stdout } = await running;
  process.off("exit", end);
  const many = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Many;
  console.log(`  ${many.stacks} stacks: ${many.seconds.toFixed(1)} s, ${many.peakOfAll} MB`);
  return many;
}

const row = ({ stacks, seconds, each, peaks, peakOfAll, own }: Many): string =>
  `| ${[
    stacks,
    seconds.toFixed(1),
    (seconds / stacks).toFixed(2),
    `${median(each).toFixed(1)} (${Math.max(...each).toFixed(1)})`,
    `${Math.round(median(peaks))} (${Math.max(...peaks)})`,
    peakOfAll,
    own,
  ].join(" | ")} |`;
