// npm run test:pipeline: one stack as real processes, broken on purpose, and every line counted. See README.md.
import { globSync } from "node:fs";
import { basename, resolve } from "node:path";
import { chartsMissing } from "../harness/charts.ts";
import { argumentsOf } from "../harness/developerCommand.ts";
import { printFigures } from "../harness/figures.ts";
import { stopOnSignal } from "../harness/processes.ts";
import { enterNamespaces, inNamespaces } from "../harness/runningStack/namespaces.ts";
import { alloyMissing, standIns } from "../harness/runningStack/requirements.ts";
import { endRunningStack } from "../harness/runningStack/runningStack.ts";
import { runTests, Summary } from "../harness/summary.ts";

/** Scenarios that run without `--all`: together less than ten minutes. */
const USUAL = ["steady", "metrics", "minioDown", "alloyKilled", "isolation"];

const known = globSync("scenarios/*.test.ts", { cwd: import.meta.dirname })
  .map((file) => basename(file, ".test.ts"))
  .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
const { values: options, positionals } = argumentsOf(
  `npm run test:pipeline                    the usual scenarios: ${USUAL.join(", ")}
npm run test:pipeline -- SCENARIO...     only these
npm run test:pipeline -- --all           every scenario
npm run test:pipeline -- --shard 1/2     the first half of them, with --all or SCENARIO...

scenarios: ${known.join(", ")}`,
  { all: { type: "boolean", default: false }, shard: { type: "string", default: "1/1" } },
);
const wanted = positionals.length > 0 ? positionals : options.all ? known : USUAL;
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(", ")}; there are: ${known.join(", ")}`);
  process.exit(2);
}
const chosen = shard(wanted, options.shard);
const summary = new Summary();
process.exit(inNamespaces() ? await runScenarios() : await runInNamespaces());

/** The usual ones first, in their order. */
function rank(name: string): string {
  const place = USUAL.indexOf(name);
  return place < 0 ? `~${name}` : String(place);
}

/**
 * One of several equal parts, so that several machines share a run.
 *
 * @param part its number from 1, and the number of parts: `2/3`.
 */
function shard(names: readonly string[], part: string): readonly string[] {
  const [, index = 0, total = 0] = part.match(/^(\d+)\/(\d+)$/)?.map(Number) ?? [];
  if (index >= 1 && index <= total) return names.filter((_, place) => place % total === index - 1);
  console.error(`--shard ${part} is not a part such as 1/2, the first of two`);
  process.exit(2);
}

async function runInNamespaces(): Promise<number> {
  // The usual scenarios compare alerts if Prometheus is there, and do not wait for a build.
  const build = chosen.some((name) => name.startsWith("alerts")) && !alloyMissing() && !chartsMissing();
  const ended = await enterNamespaces({}, build ? ["prometheus"] : []);
  if (typeof ended === "number") return ended;
  console.log("The pipeline tier cannot run here:");
  for (const line of ended.missing) console.log(`  ${line}`);
  for (const name of chosen) summary.skip(name, "the pipeline tier cannot run here");
  for (const line of summary.lines) console.log(line);
  return 0;
}

async function runScenarios(): Promise<number> {
  stopOnSignal(endRunningStack);
  await runTests(
    chosen.map((name) => resolve(import.meta.dirname, `scenarios/${name}.test.ts`)),
    summary,
  );
  await endRunningStack();
  printFigures();
  console.log();
  // Printed again for readers of the last lines: they have to know what was replaced in this run.
  for (const line of standIns()) console.log(line);
  for (const line of summary.lines) console.log(line);
  return summary.ok ? 0 : 1;
}
