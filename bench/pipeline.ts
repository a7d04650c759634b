// npm run bench:pipeline: the stack's values against the seed's (bench/seed), on the same lines.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chartsMissing } from "../tests/harness/charts.ts";
import { argumentsOf } from "../tests/harness/developerCommand.ts";
import { stopOnSignal } from "../tests/harness/processes.ts";
import { enterNamespaces, inNamespaces } from "../tests/harness/runningStack/namespaces.ts";
import { alloyMissing } from "../tests/harness/runningStack/requirements.ts";
import { endRunningStack } from "../tests/harness/runningStack/runningStack.ts";
import type { Figures } from "./pipeline/figures.ts";
import { type LogInput, writeLogInput } from "./pipeline/logInput.ts";
import { measure } from "./pipeline/measure.ts";
import { readersReport, report } from "./pipeline/report.ts";
import { changedVariant, seedVariant, stackVariant, type Variant } from "./pipeline/variants.ts";

/** Set for the process in namespaces: the folder of the run, and the variant to measure. */
const FOLDER = "LOGGING_BENCH_FOLDER";
const VARIANT = "LOGGING_BENCH_VARIANT";

/** A shorter run does not replace the published table. */
const PUBLISHED_MEGABYTES = 300;

const USAGE = `npm run bench:pipeline                              the whole run, which writes bench/results/pipeline.md
npm run bench:pipeline -- --megabytes 20            a short run, to try it
  --variants stack                 only these of seed and stack
  --with 'name={"loki": {...}}'    also measures the stack with changed values; may be repeated
  --readers 'name={"loki": {...}}' also asks readers with these changed values, over what each variant has stored; may be repeated
  --results NAME                   writes the table to bench/results/NAME.md
  --hours 6                        over how many hours the timestamps are spread
  --rate 1.5                       MB/s that all nodes together log
  --nodes 3
  --sidecars                       gives each pod a second container

It needs what npm run test:pipeline needs, and also Alloy, helm and the charts.`;

const { values: options } = argumentsOf(USAGE, {
  megabytes: { type: "string", default: String(PUBLISHED_MEGABYTES) },
  hours: { type: "string", default: "6" },
  rate: { type: "string", default: "1.5" },
  nodes: { type: "string", default: "3" },
  sidecars: { type: "boolean", default: false },
  variants: { type: "string", default: "seed,stack" },
  with: { type: "string", multiple: true, default: [] },
  readers: { type: "string", multiple: true, default: [] },
  results: { type: "string" },
});
const megabytes = Number(options.megabytes);
const shape = { hours: Number(options.hours), nodes: Number(options.nodes), seconds: megabytes / Number(options.rate) };
const variants: Variant[] = [
  ...[seedVariant, stackVariant()].filter(({ name }) => options.variants.split(",").includes(name)),
  ...options.with.map(changedVariant),
];

process.exit(inNamespaces() ? await measureVariant() : await compareVariants());

async function compareVariants(): Promise<number> {
  // Stand-ins would be measured instead of these.
  const missing = [alloyMissing(), chartsMissing()].filter(Boolean).join("; ");
  if (missing) {
    console.log(`skipped: ${missing}`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), "logging-bench-"));
  try {
    const steps = Math.ceil(shape.seconds * 5);
    const input = await writeLogInput(join(folder, "input"), {
      ...shape,
      megabytes,
      steps,
      sidecars: options.sidecars,
    });
    writeFileSync(join(folder, "input.json"), JSON.stringify(input));
    const figures: Figures[] = [];
    // One after the other, so that each has the machine to itself.
    for (const { name } of variants) {
      const ended = await enterNamespaces({ [FOLDER]: folder, [VARIANT]: name });
      if (typeof ended !== "number") {
        for (const line of ended.missing) console.log(`skipped: ${line}`);
        return 0;
      }
      if (ended !== 0) return ended;
      figures.push(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")));
    }
    publish(report(input, figures, shape));
    console.log(readersReport(figures));
    const short = figures.filter(({ found }) => found !== input.lines);
    for (const { name, found } of short) console.log(`${name}: found ${found} of ${input.lines} lines`);
    return short.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints the table, and writes it to a file of results if asked, or if it is a full run. The remarks below it stay. */
function publish(table: string): void {
  console.log(`\n${table}`);
  const isFull = megabytes >= PUBLISHED_MEGABYTES && options.with.length === 0;
  const results = options.results ?? (isFull ? "pipeline" : undefined);
  if (!results) return;
  const folder = resolve(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results}.md`);
  const title = "# The pipeline: the stack's values against the seed's";
  const remarks = existsSync(file) ? (/^## .*/ms.exec(readFileSync(file, "utf8"))?.[0] ?? "") : "";
  writeFileSync(file, `${title}\n\n${table}${remarks && `\n${remarks}`}`);
}

async function measureVariant(): Promise<number> {
  const folder = process.env[FOLDER] ?? "";
  const variant = variants.find(({ name }) => name === process.env[VARIANT]);
  if (!variant) throw new Error(`no variant ${process.env[VARIANT]}`);
  stopOnSignal(endRunningStack);
  const input: LogInput = JSON.parse(readFileSync(join(folder, "input.json"), "utf8"));
  try {
    writeFileSync(
      join(folder, `${variant.name}.json`),
      JSON.stringify(await measure(variant, input, { ...shape, readers: options.readers })),
    );
    return 0;
  } catch (error) {
    console.error(error);
    return 1;
  } finally {
    await endRunningStack();
  }
}
