import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, statSync } from "node:fs";
import { text } from "node:stream/consumers";
import { argumentsOf } from "./harness/developerCommand.ts";
import { type Results, runTests, Summary } from "./harness/summary.ts";

const USAGE = `npm test                    lint, type check, and the tiers unit and charts
npm test -- FILE|FOLDER ... only these test files, or those in these folders
npm test -- --update        also rewrites the reviewed files in tests/fixtures; read their diff before you commit it

Examples: npm test -- tests/unit/stack/configErrors/loki.test.ts
          npm test -- tests/unit/components`;

/** Limit of each test. */
const TIMEOUT_MS = 60_000;

const { values: options, positionals } = argumentsOf(USAGE, { update: { type: "boolean", default: false } });
if (options.update) process.env.UPDATE_FIXTURES = "1";
process.chdir(new URL("..", import.meta.url).pathname);
const files = positionals.flatMap(testFiles);

const summary = new Summary();
if (positionals.length === 0) await runEverything();
else await runTests(files, summary, TIMEOUT_MS);
if (process.send) process.send(summary.results);
else {
  console.log();
  for (const line of summary.lines) console.log(line);
  process.exitCode = summary.ok ? 0 : 1;
}
process.disconnect?.();

/** Runs half of the test files in each of two processes, because many tests wait for programs. */
async function runEverything(): Promise<void> {
  const all = [...testFiles("tests/unit"), ...testFiles("tests/charts")];
  const halves = [0, 1].map((half) => runApart(all.filter((_, index) => index % 2 === half)));
  step("lint", ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]);
  step("type check", ["node_modules/typescript7/bin/tsc"]);
  for (const half of halves) process.stdout.write(await half);
}

/** Runs test files in another process. @returns what it prints. */
async function runApart(files: readonly string[]): Promise<string> {
  const child = fork(import.meta.filename, files, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const output = child.stdout ? text(child.stdout) : "";
  const [results] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (typeof results === "object") summary.add(results as Results);
  else summary.fail(`test files whose process ended with ${results} before their results`);
  return output;
}

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
