// npm test: lint, type check and tests, and in the last line how many passed, failed and were skipped.
// `node tests/run.ts --update` writes tests/fixtures anew instead of comparing with them: read the diff before you commit it.
// Arguments that are files run these alone.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

interface Skipped {
  readonly name: string;
  readonly reason: string;
}

const { values: options, positionals } = parseArgs({
  options: { update: { type: "boolean", default: false } },
  allowPositionals: true,
});
if (options.update) process.env.UPDATE_FIXTURES = "1";
process.chdir(new URL("..", import.meta.url).pathname);
enableCompileCache();

const passed: string[] = [];
const failed: string[] = [];
const skipped: Skipped[] = [];

if (positionals.length === 0) {
  step("lint", ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]);
  step("type check", ["node_modules/typescript7/bin/tsc"]);
}
await runTests(
  positionals.length > 0 ? positionals : globSync(["tests/unit/**/*.test.ts", "tests/charts/**/*.test.ts"]).sort(),
);
printSummary();
process.exit(failed.length > 0 ? 1 : 0);

function step(name: string, args: string[]): void {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  console.log(`${status === 0 ? "✔" : "✖"} ${name} (${seconds(started)})`);
  (status === 0 ? passed : failed).push(name);
}

/** All files in one process, one after the other: each of its own would load the SDK again. */
async function runTests(files: string[]): Promise<void> {
  const events = run({ files, isolation: "none", concurrency: 1, timeout: 60_000 });
  const path: string[] = [];
  const name = (event: { name: string; nesting: number; file?: string }) =>
    [...(event.file ? [relative(".", event.file)] : []), ...path.slice(0, event.nesting), event.name].join(" > ");
  events.on("test:start", (event) => {
    path[event.nesting] = event.name;
  });
  events.on("test:pass", (event) => {
    // A suite that is skipped hides its tests: it counts itself. One that ran is counted by its tests.
    if (event.skip !== undefined)
      skipped.push({ name: name(event), reason: typeof event.skip === "string" ? event.skip : "no reason given" });
    else if (event.details.type !== "suite") passed.push(name(event));
  });
  events.on("test:fail", (event) => {
    if (event.details.type !== "suite") failed.push(name(event));
  });
  const report = events.compose(spec);
  for await (const text of report) process.stdout.write(text);
  // A run that found nothing proves nothing.
  if (passed.length + failed.length + skipped.length === 0) failed.push("no test was found");
}

function printSummary(): void {
  console.log();
  for (const test of failed) console.log(`failed: ${test}`);
  const reasons = Map.groupBy(skipped, ({ reason }) => reason);
  for (const [reason, tests] of reasons) {
    console.log(`skipped ${tests.length}: ${reason}`);
    for (const { name } of tests) console.log(`  ${name}`);
  }
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
