// npm run bench:pipeline: the stack's values against the seed's (bench/seed), on the same lines, as the pipeline tier runs them.
// `-- --megabytes 20` only tries it. `-- --with 'name={"loki": {...}}'`, as often as wanted, measures the stack with changed values
// too. `-- --results <name>` says where in bench/results the table goes. Needs what npm run test:pipeline needs, and Alloy, helm and the
// charts.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chartsMissing } from "../tests/harness/charts.ts";
import { enterNamespaces, inNamespaces } from "../tests/harness/runningStack/namespaces.ts";
import { alloyMissing } from "../tests/harness/runningStack/requirements.ts";
import { endRunningStack } from "../tests/harness/runningStack/runningStack.ts";
import { type LogInput, writeLogInput } from "./pipeline/logInput.ts";
import { type Figures, measure } from "./pipeline/measure.ts";
import { report } from "./pipeline/report.ts";
import { comparedSide, type Side, seedSide, stackSide } from "./pipeline/sides.ts";

/** Folder of a run, and the side that a process in namespaces measures. */
const FOLDER = "LOGGING_BENCH_FOLDER";
const SIDE = "LOGGING_BENCH_SIDE";

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "300" },
    hours: { type: "string", default: "6" },
    /** MB/s that all nodes together log. */
    rate: { type: "string", default: "1.5" },
    nodes: { type: "string", default: "3" },
    sides: { type: "string", default: "seed,stack" },
    with: { type: "string", multiple: true, default: [] },
    results: { type: "string" },
  },
});
const megabytes = Number(options.megabytes);
const shape = { hours: Number(options.hours), nodes: Number(options.nodes), seconds: megabytes / Number(options.rate) };
const sides: Side[] = [
  ...[seedSide, stackSide()].filter(({ name }) => options.sides.split(",").includes(name)),
  ...options.with.map(comparedSide),
];

process.exit(inNamespaces() ? await measureSide() : await compareSides());

async function compareSides(): Promise<number> {
  // What stands in where these are missing is not what is measured.
  const lacking = [alloyMissing(), chartsMissing()].filter(Boolean).join("; ");
  if (lacking) {
    console.log(`skipped: ${lacking}`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), "logging-bench-"));
  try {
    const input = await writeLogInput(join(folder, "input"), {
      ...shape,
      megabytes,
      steps: Math.ceil(shape.seconds * 5),
    });
    writeFileSync(join(folder, "input.json"), JSON.stringify(input));
    const figures: Figures[] = [];
    // One after the other, each alone on the machine.
    for (const { name } of sides) {
      const ended = await enterNamespaces({ [FOLDER]: folder, [SIDE]: name });
      if (typeof ended !== "number") {
        for (const line of ended.missing) console.log(`skipped: ${line}`);
        return 0;
      }
      if (ended !== 0) return ended;
      figures.push(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")));
    }
    const table = report(input, figures, shape);
    console.log(`\n${table}`);
    const results = options.results ?? (megabytes >= 300 && options.with.length === 0 ? "pipeline" : undefined);
    if (results) {
      mkdirSync(resolve(import.meta.dirname, "results"), { recursive: true });
      const file = resolve(import.meta.dirname, "results", `${results}.md`);
      const title = "# The pipeline: the stack's values against the seed's";
      // What people wrote below the table stays.
      const remarks = existsSync(file) ? (/^## .*/ms.exec(readFileSync(file, "utf8"))?.[0] ?? "") : "";
      writeFileSync(file, `${title}\n\n${table}${remarks && `\n${remarks}`}`);
    }
    const short = figures.filter(({ found }) => found !== input.lines);
    for (const { name, found } of short) console.log(`${name}: ${found} lines found, and not ${input.lines}`);
    return short.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureSide(): Promise<number> {
  const folder = process.env[FOLDER] ?? "";
  const side = sides.find(({ name }) => name === process.env[SIDE]);
  if (!side) throw new Error(`no side ${process.env[SIDE]}`);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => endRunningStack().finally(() => process.exit(130)));
  const input: LogInput = JSON.parse(readFileSync(join(folder, "input.json"), "utf8"));
  try {
    writeFileSync(join(folder, `${side.name}.json`), JSON.stringify(await measure(side, input, shape)));
    return 0;
  } catch (error) {
    console.error(error);
    return 1;
  } finally {
    await endRunningStack();
  }
}
