// The stack against other ways to write the same resources, in the situations in which people preview.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchEnvironment, type Previewed, preview, STACK, temporaryFolder } from "./environment.ts";
import type { Program } from "./programs.ts";
import { type Contestant, type Measured, median, of, ratio, ratios, rounds, seconds } from "./rounds.ts";

const FLAT: Program = { name: "bench/flat", imports: "module", loader: "node" };
const CACHED: Program = {
  name: "bench/flat with the stack's compile cache",
  imports: "module",
  loader: "node, compile cache",
};
const USUAL: Program = { name: "bench/usual, root imports", imports: "root", loader: "usual" };
const TEMPLATE: Program = { name: "bench/usual, azure-native by module", imports: "template", loader: "usual" };
const THE_STACK = `stack ${STACK} (component, config, checks)`;

/**
 * In which state a preview finds what was compiled before. ts-node checks the types of a file that it has not seen yet, and of no
 * other: so an edit and a fresh machine are where the default loader costs most.
 */
type Situation = "again" | "edited" | "fresh";
const SITUATIONS: Readonly<Record<Situation, string>> = {
  again: "Once more, nothing changed",
  edited: "After an edit of a file of the program",
  fresh: "On a fresh machine, as in a pipeline: nothing compiled is kept",
};

export async function situations(bench: BenchEnvironment, count: number): Promise<string> {
  const compared = [FLAT, CACHED, USUAL, TEMPLATE];
  const sides: Side[] = [
    {
      name: THE_STACK,
      stack: STACK,
      folder: bench.engine.project,
      edited: "components/loggingStack.ts",
      kept: temporaryFolder(bench),
    },
  ];
  for (const program of compared)
    sides.push({
      name: program.name,
      ...(await bench.addProgram(program)),
      edited: "index.ts",
      kept: temporaryFolder(bench),
    });
  const tables: string[] = [];
  for (const situation of Object.keys(SITUATIONS) as Situation[]) {
    console.log(`${SITUATIONS[situation]}:`);
    const contestants = sides.map((side) => contestant(bench, situation, side));
    const warmUp = situation === "again";
    // A check of types takes as long as all else.
    const turns = warmUp ? count : Math.ceil(count / 3);
    tables.push(`${SITUATIONS[situation]}, ${turns} rounds:\n\n${table(await rounds(contestants, turns, { warmUp }))}`);
  }
  return tables.join("\n\n");
}

interface Side extends Previewed {
  readonly name: string;
  /** The file that is edited. */
  readonly edited: string;
  /** Where what was compiled is kept. */
  readonly kept: string;
}

function contestant(bench: BenchEnvironment, situation: Situation, side: Side): Contestant {
  return {
    name: side.name,
    run() {
      if (situation === "edited") appendFileSync(join(side.folder, side.edited), `// ${performance.now()}\n`);
      return preview(bench, side, { TMPDIR: situation === "fresh" ? temporaryFolder(bench) : side.kept });
    },
  };
}

const table = ({ clock, processor }: Measured): string =>
  [
    "| | seconds, median | its time to the stack's: median (min to max) | the stack's to its: median | processor's seconds, median | the stack's to its: median (min to max) |",
    "| --- | --- | --- | --- | --- | --- |",
    ...[...clock.keys()].map((name) =>
      name === THE_STACK
        ? `| ${name} | ${seconds(of(clock, name))} | | | ${seconds(of(processor, name))} | |`
        : `| ${[
            name,
            seconds(of(clock, name)),
            ratio(clock, name, THE_STACK),
            median(ratios(clock, THE_STACK, name)).toFixed(2),
            seconds(of(processor, name)),
            ratio(processor, THE_STACK, name),
          ].join(" | ")} |`,
    ),
  ].join("\n");
