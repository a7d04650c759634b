// npm run bench: the time of `pulumi preview` and `npm run preview` of a production stack.
// Times are those of this machine; the ratios between interleaved runs are the result. It needs the engine, its providers, MinIO and helm, as
// npm run test:cluster does. With the other programs of that tier it also has an API server that answers.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { resolve } from "node:path";
import { argumentsOf } from "../tests/harness/developerCommand.ts";
import { stopAll, stopOnSignal } from "../tests/harness/processes.ts";
import { findPrograms } from "../tests/harness/pulumi/findPrograms.ts";
import { type BenchEngine, startBenchEngine } from "./previewTime/benchEngine.ts";
import { compareCacheStates } from "./previewTime/cacheStates.ts";
import { measureReport } from "./previewTime/reportTime.ts";

interface Part {
  readonly title: string;
  run(bench: BenchEngine, rounds: number): Promise<string>;
}

const PARTS: Readonly<Record<string, Part>> = {
  preview: { title: "The stack against a flat program with the same resources", run: compareCacheStates },
  // Last, because it deploys the stack.
  report: { title: "The change report's own time", run: measureReport },
};

const { values: options, positionals: chosen } = argumentsOf(
  `npm run bench                    measures both parts, and writes bench/results/preview.md
npm run bench -- PART...         measures and prints only these
npm run bench -- --rounds 3      takes less time; default 9

parts: ${Object.keys(PARTS).join(", ")}`,
  { rounds: { type: "string", default: "9" } },
);
const unknown = chosen.filter((name) => !(name in PARTS));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}; there are: ${Object.keys(PARTS).join(", ")}`);

const found = findPrograms({ controlPlane: false });
if ("missing" in found) {
  for (const part of found.missing) console.log(`skipped: the benchmark lacks ${part}`);
  process.exit(0);
}
stopOnSignal(stopAll);
try {
  const bench = await startBenchEngine(found.programs);
  const sections: string[] = [];
  for (const [name, { title, run }] of Object.entries(PARTS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    console.log(title);
    sections.push(`## ${title}\n\n${await run(bench, Number(options.rounds))}\n`);
    // After each part, so that a late failure loses nothing.
    if (chosen.length === 0) writeResults(results(bench, sections));
  }
  console.log(`\n${results(bench, sections)}`);
} finally {
  await stopAll();
}

function results(bench: BenchEngine, sections: readonly string[]): string {
  return [`# The time of a preview\n\n${machine(bench)}\n`, ...sections].join("\n");
}

function machine({ cluster }: BenchEngine): string {
  const hardware = `${cpus()[0]?.model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split("-")[0]}, Node ${process.version}`;
  const api = cluster
    ? "The API server of Kubernetes answers, with simulated nodes."
    : "No API server answers, so no figure contains its time.";
  return `${options.rounds} rounds, candidates in turn, ${hardware}. The engine, MinIO and the providers for Kubernetes, MinIO and random values are real; azure-native is a stand-in. ${api}`;
}

/** Writes the tables and keeps the remarks below them. */
function writeResults(tables: string): void {
  const file = resolve(import.meta.dirname, "results/preview.md");
  const remarks = existsSync(file) ? (/^## Remarks\n.*/ms.exec(readFileSync(file, "utf8"))?.[0] ?? "") : "";
  writeFileSync(file, `${tables}${remarks && `\n${remarks}`}`);
}
