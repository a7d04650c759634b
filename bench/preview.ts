// npm run bench: what `pulumi preview` of a production stack takes. `-- --rounds 3` is shorter; names of parts run these alone and
// only print: situations, tried, loading, many, report. Times are of this machine; the ratios, of turns in one run, are the result.
// Needs the engine, its providers, MinIO and helm, as npm run test:cluster does; with that tier's other programs there is a cluster
// that answers, too.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { findPrograms } from "../tests/harness/pulumi/findPrograms.ts";
import { type BenchEnvironment, endBench, startBench } from "./preview/environment.ts";
import { loading } from "./preview/loading.ts";
import { manyStacks } from "./preview/manyStacks.ts";
import { reportTime } from "./preview/reportTime.ts";
import { situations } from "./preview/situations.ts";
import { tried } from "./preview/tried.ts";

interface Part {
  readonly title: string;
  run(bench: BenchEnvironment, rounds: number): Promise<string>;
}

const { values: options, positionals: chosen } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    /** How many stacks the part `many` previews, one run after the other. */
    stacks: { type: "string", default: "4,12,25,50" },
  },
  allowPositionals: true,
});
const PARTS: Readonly<Record<string, Part>> = {
  situations: { title: "The stack against the same resources written in other ways", run: situations },
  tried: { title: "What was tried, one thing at a time", run: tried },
  loading: { title: "What is loaded", run: loading },
  many: {
    title: "Many stacks by the Automation API",
    run: (bench) => manyStacks(bench, options.stacks.split(",").map(Number)),
  },
  // Last: it deploys the stack, where there is a cluster.
  report: { title: "The change report's own time", run: reportTime },
};

const unknown = chosen.filter((name) => !(name in PARTS));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}: ${Object.keys(PARTS).join(", ")}`);

const found = findPrograms({ controlPlane: false });
if ("missing" in found) {
  for (const part of found.missing) console.log(`skipped: the benchmark lacks ${part}`);
  process.exit(0);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => endBench().finally(() => process.exit(130)));
try {
  const bench = await startBench(found.programs);
  const sections: string[] = [];
  for (const [name, { title, run }] of Object.entries(PARTS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    console.log(title);
    sections.push(`## ${title}\n\n${await run(bench, Number(options.rounds))}\n`);
    // After each part: a run takes long, and what fails late takes nothing away.
    if (chosen.length === 0) write(results(bench, sections));
  }
  console.log(`\n${results(bench, sections)}`);
} finally {
  await endBench();
}

function results(bench: BenchEnvironment, sections: readonly string[]): string {
  return [`# What \`pulumi preview\` takes\n\n${machine(bench)}\n`, ...sections].join("\n");
}

function machine({ cluster }: BenchEnvironment): string {
  const hardware = `${cpus()[0]?.model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split("-")[0]}, Node ${process.version}`;
  const api = cluster
    ? "Kubernetes' API server answers, with simulated nodes"
    : "nothing answers at the cluster's address, so what an API server costs is in no figure";
  return `${options.rounds} rounds of each comparison, its programs in turn, ${hardware}. The engine, MinIO and the providers for Kubernetes, MinIO and random values are real, azure-native is a stand-in; ${api}.`;
}

/** What people wrote below the tables stays. */
function write(tables: string): void {
  const file = resolve(import.meta.dirname, "results/preview.md");
  const remarks = existsSync(file) ? (/^## Remarks\n.*/ms.exec(readFileSync(file, "utf8"))?.[0] ?? "") : "";
  writeFileSync(file, `${tables}${remarks && `\n${remarks}`}`);
}
