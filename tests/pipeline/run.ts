// npm run test:pipeline: one stack as real processes, broken on purpose, and every line counted. See README.md.
// `-- --all` runs every scenario; names of scenarios run these alone.
import { globSync } from "node:fs";
import { basename, resolve } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { standIns } from "../harness/builtPrograms.ts";
import { enterNamespaces, inNamespaces } from "../harness/pods/namespaces.ts";
import { endEnvironment } from "../harness/runningStack/runningStack.ts";
import { printFigures } from "./scenario.ts";

/** What runs without `--all`: under ten minutes together. */
const USUAL = ["steady", "minioDown", "alloyKilled", "isolation"];

const { values: options, positionals } = parseArgs({
  options: { all: { type: "boolean", default: false } },
  allowPositionals: true,
});
const known = globSync("scenarios/*.test.ts", { cwd: import.meta.dirname })
  .map((file) => basename(file, ".test.ts"))
  .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
const chosen = positionals.length > 0 ? positionals : options.all ? known : USUAL;
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(", ")}; there are: ${known.join(", ")}`);
  process.exit(2);
}
process.exit(inNamespaces() ? await runScenarios() : await runInNamespaces());

/** The usual ones first, in their order. */
function rank(name: string): string {
  const place = USUAL.indexOf(name);
  return place < 0 ? `~${name}` : String(place);
}

async function runInNamespaces(): Promise<number> {
  const ended = await enterNamespaces();
  if (typeof ended === "number") return ended;
  console.log(`skipped ${chosen.length}: the pipeline tier needs what is not here`);
  for (const line of ended.missing) console.log(`  ${line}`);
  console.log(`0 passed, 0 failed, ${chosen.length} skipped`);
  return 0;
}

async function runScenarios(): Promise<number> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      console.error(`\n${signal}: stopping`);
      endEnvironment().finally(() => process.exit(130));
    });
  }
  const passed: string[] = [];
  const failed: string[] = [];
  const skipped: Array<{ name: string; reason: string }> = [];
  const events = run({
    files: chosen.map((name) => resolve(import.meta.dirname, `scenarios/${name}.test.ts`)),
    isolation: "none",
    concurrency: false,
  });
  events.on("test:pass", (event) => {
    if (event.details.type === "suite") return;
    if (event.skip === undefined) passed.push(event.name);
    else skipped.push({ name: event.name, reason: String(event.skip) });
  });
  events.on("test:fail", (event) => {
    if (event.details.type === "suite") return;
    // What is known not to be reached, with its reason in the test and in docs/loss-contract.md. It is not counted as passed.
    if (event.todo !== undefined && event.todo !== false)
      skipped.push({ name: event.name, reason: `not reached: ${event.todo}` });
    else failed.push(event.name);
  });
  for await (const text of events.compose(spec)) process.stdout.write(text);
  await endEnvironment();
  // A run that found nothing proves nothing.
  if (passed.length + failed.length + skipped.length === 0) failed.push("no test was found");
  printFigures();
  console.log();
  // Again: whoever reads only the end has to know what it is about.
  for (const line of standIns()) console.log(line);
  for (const name of failed) console.log(`failed: ${name}`);
  for (const [reason, tests] of Map.groupBy(skipped, (test) => test.reason)) {
    console.log(`skipped ${tests.length}: ${reason}`);
    for (const { name } of tests) console.log(`  ${name}`);
  }
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
  return failed.length > 0 ? 1 : 0;
}
