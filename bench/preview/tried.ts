// What was tried to make a preview faster, one thing at a time.

import { startChartRepository } from "./chartRepository.ts";
import { type BenchEnvironment, preview, STACK, temporaryFolder } from "./environment.ts";
import type { Program } from "./programs.ts";
import { type Contestant, difference, of, ratio, rounds, seconds } from "./rounds.ts";

/** One thing that was changed, and what else stays as it is. */
interface Trial {
  readonly what: string;
  readonly without: string;
  readonly changed: string;
}

const THE_STACK = `stack ${STACK}`;

const program = (imports: Program["imports"], loader: Program["loader"], name: string): Program => ({
  name,
  imports,
  loader,
});
const PROGRAMS = {
  root: program("root", "node, compile cache", "flat, packages imported"),
  module: program("module", "node, compile cache", "flat, modules imported"),
  file: program("file", "node, compile cache", "flat, files imported"),
  bare: program("module", "node", "flat, modules imported, no compile cache"),
  usual: program("root", "usual", "usual, types checked before"),
} as const;

export async function tried(bench: BenchEnvironment, count: number): Promise<string> {
  const charts = await startChartRepository(bench);
  const fromRepository = "prod-aks-repository";
  await bench.addStack(fromRepository);
  bench.engine.changeConfig(fromRepository, (config) => {
    for (const release of ["loki", "alloy"]) config[`logging:${release}`].chart = { source: charts.address };
  });
  const folder = bench.engine.project;
  const stack = (name: string, stack: string, environment: Record<string, string> = {}): Contestant => {
    const TMPDIR = temporaryFolder(bench);
    return { name, run: () => preview(bench, { stack, folder }, { TMPDIR, ...environment }) };
  };
  const contestants: Contestant[] = [
    stack(THE_STACK, STACK),
    stack(`${THE_STACK}, no compile cache`, STACK, { NODE_DISABLE_COMPILE_CACHE: "1" }),
    stack(`${THE_STACK}, charts from a repository`, fromRepository, charts.environment),
  ];
  for (const one of Object.values(PROGRAMS)) {
    const [program, TMPDIR] = [await bench.addProgram(one), temporaryFolder(bench)];
    contestants.push({ name: one.name, run: () => preview(bench, program, { TMPDIR }) });
  }
  try {
    const { clock, processor } = await rounds(contestants, count);
    const row = ({ what, without, changed }: Trial): string =>
      `| ${[
        what,
        `${without}: ${seconds(of(clock, without))} s`,
        `${changed}: ${seconds(of(clock, changed))} s`,
        `${difference(clock, changed, without)} s`,
        ratio(clock, changed, without),
        `${difference(processor, changed, without)} s`,
        ratio(processor, changed, without),
      ].join(" | ")} |`;
    return [
      "| what | without | with | gives | with to without: median (min to max) | gives, of processors | with to without, of processors: median (min to max) |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      ...TRIALS.map(row),
    ].join("\n");
  } finally {
    await charts.stop();
  }
}

const TRIALS: readonly Trial[] = [
  {
    what: "Node loads the program, in place of ts-node that has checked it before",
    without: PROGRAMS.usual.name,
    changed: PROGRAMS.root.name,
  },
  { what: "compile cache, the stack", without: `${THE_STACK}, no compile cache`, changed: THE_STACK },
  { what: "compile cache, bench/flat", without: PROGRAMS.bare.name, changed: PROGRAMS.module.name },
  { what: "modules imported, and not packages", without: PROGRAMS.root.name, changed: PROGRAMS.module.name },
  { what: "files imported, and not modules", without: PROGRAMS.module.name, changed: PROGRAMS.file.name },
  { what: "charts in a folder of the project", without: `${THE_STACK}, charts from a repository`, changed: THE_STACK },
];
