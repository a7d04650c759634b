import { spawnSync } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { runTests, Summary } from "./harness/summary.ts";

const USAGE = `npm test                    lint, type check, and the tiers unit and charts
npm test -- FILE|FOLDER ... only these test files, or those in these folders
npm test -- --update        also rewrites the reviewed files in tests/fixtures; read their diff before you commit it

Examples: npm test -- tests/unit/stack/configErrors/loki.test.ts
          npm test -- tests/unit/components`;

/** Limit of each test. */
const TIMEOUT_MS = 60_000;

const { values: options, positionals } = parseArgs({
  options: { update: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  allowPositionals: true,
});
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
if (options.update) process.env.UPDATE_FIXTURES = "1";
process.chdir(new URL("..", import.meta.url).pathname);
const files = positionals.flatMap(testFiles);

const summary = new Summary();
if (positionals.length === 0) {
  step("lint", ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]);
  step("type check", ["node_modules/typescript7/bin/tsc"]);
  files.push(...testFiles("tests/unit"), ...testFiles("tests/charts"));
}
await runTests(files, summary, TIMEOUT_MS);
console.log();
for (const line of summary.lines) console.log(line);
process.exit(summary.ok ? 0 : 1);

/** The test file of this name, or all test files in the folder of this name. */
function testFiles(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? globSync(`${path}/**/*.test.ts`).sort()
    : globSync(path);
  if (found.length > 0) return found;
  console.error(`${path} is neither a test file nor a folder with test files\n\n${USAGE}`);
  process.exit(2);
}

function step(name: string, args: string[]): void {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  console.log(`${status === 0 ? "✔" : "✖"} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  if (status === 0) summary.pass();
  else summary.fail(name);
}
