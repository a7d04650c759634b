// The stack against other ways to write the same resources, in the situations in which people preview.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchEnvironment, PROGRAM_STACK, STACK, succeed, temporaryFolder } from "./environment.ts";
import type { Program } from "./programs.ts";
import { type Contestant, of, ratio, rounds, seconds, type Times } from "./rounds.ts";

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
  const places = new Map<string, string>();
  for (const program of compared) places.set(program.name, await bench.addProgram(program));
  const tables: string[] = [];
  for (const situation of Object.keys(SITUATIONS) as Situation[]) {
    console.log(`${SITUATIONS[situation]}:`);
    const contestants: Contestant[] = [
      contestant(bench, situation, THE_STACK, bench.engine.project, STACK, "components/loggingStack.ts"),
      ...compared.map(({ name }) =>
        contestant(bench, situation, name, places.get(name) as string, PROGRAM_STACK, "index.ts"),
      ),
    ];
    tables.push(`${SITUATIONS[situation]}:\n\n${table(await rounds(contestants, count))}`);
  }
  return tables.join("\n\n");
}

function contestant(
  bench: BenchEnvironment,
  situation: Situation,
  name: string,
  folder: string,
  stack: string,
  file: string,
): Contestant {
  const kept = temporaryFolder(bench);
  return {
    name,
    async run() {
      if (situation === "edited") appendFileSync(join(folder, file), `// ${performance.now()}\n`);
      const TMPDIR = situation === "fresh" ? temporaryFolder(bench) : kept;
      return succeed(bench.engine, ["preview", "--stack", stack, "--cwd", folder], { TMPDIR });
    },
  };
}

const table = (times: Times): string =>
  [
    "| | seconds, median | its time to the stack's: median (min to max) | the stack's time to it: median (min to max) |",
    "| --- | --- | --- | --- |",
    ...[...times.keys()].map((name) =>
      name === THE_STACK
        ? `| ${name} | ${seconds(of(times, name))} | | |`
        : `| ${name} | ${seconds(of(times, name))} | ${ratio(times, name, THE_STACK)} | ${ratio(times, THE_STACK, name)} |`,
    ),
  ].join("\n");
