// `pulumi preview` of the stack against a flat program with the same resources, by what the compile cache holds.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../statistics.ts";
import { type BenchEngine, type Previewed, preview, STACK, temporaryFolder } from "./benchEngine.ts";
import { type Candidate, type Measured, measureInterleaved, medianSeconds, ratio, ratios } from "./interleaved.ts";

const THE_STACK = `stack ${STACK} (component, config, checks)`;

type CacheState = "warm" | "edited" | "cold";
const TITLES: Readonly<Record<CacheState, string>> = {
  warm: "Warm: nothing changed since the last preview",
  edited: "After an edit of one file of the program",
  cold: "Cold, as in a pipeline: the machine has no compile cache",
};

interface Compared extends Previewed {
  readonly name: string;
  /** The file that is edited. */
  readonly edited: string;
  /** Folder that holds the compile cache. */
  readonly cache: string;
}

export async function compareCacheStates(bench: BenchEngine, rounds: number): Promise<string> {
  const compared = [
    describe(bench, THE_STACK, { stack: STACK, folder: bench.engine.project }, "components/loggingStack.ts"),
    describe(bench, "flat program", await bench.addFlatProgram({ compileCache: false })),
    describe(bench, "flat program with the stack's compile cache", await bench.addFlatProgram({ compileCache: true })),
  ];
  const tables: string[] = [];
  for (const [state, title] of Object.entries(TITLES) as Array<[CacheState, string]>) {
    console.log(`${title}:`);
    const candidates = compared.map((one) => candidate(bench, state, one));
    const warmUp = state === "warm";
    const count = warmUp ? rounds : Math.ceil(rounds / 3);
    tables.push(`${title}, ${count} rounds:\n\n${table(await measureInterleaved(candidates, count, { warmUp }))}`);
  }
  return tables.join("\n\n");
}

const describe = (bench: BenchEngine, name: string, previewed: Previewed, edited = "index.ts"): Compared => ({
  ...{ name, edited, cache: temporaryFolder(bench) },
  ...previewed,
});

function candidate(bench: BenchEngine, state: CacheState, compared: Compared): Candidate {
  return {
    name: compared.name,
    run() {
      if (state === "edited") appendFileSync(join(compared.folder, compared.edited), `// ${performance.now()}\n`);
      return preview(bench, compared, { TMPDIR: state === "cold" ? temporaryFolder(bench) : compared.cache });
    },
  };
}

const table = ({ clock, cpu }: Measured): string =>
  [
    "| | seconds, median | its time to the stack's: median (min to max) | the stack's to its: median | CPU seconds, median | the stack's to its: median (min to max) |",
    "| --- | --- | --- | --- | --- | --- |",
    ...[...clock.keys()].map((name) =>
      name === THE_STACK
        ? `| ${name} | ${medianSeconds(clock, name)} | | | ${medianSeconds(cpu, name)} | |`
        : `| ${[
            name,
            medianSeconds(clock, name),
            ratio(clock, name, THE_STACK),
            median(ratios(clock, THE_STACK, name)).toFixed(2),
            medianSeconds(cpu, name),
            ratio(cpu, THE_STACK, name),
          ].join(" | ")} |`,
    ),
  ].join("\n");
