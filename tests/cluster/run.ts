// npm run test:cluster: both stacks on the real Pulumi engine, two real API servers and a real MinIO. See README.md.
import { resolve } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { printFigures } from "../harness/figures.ts";
import { findPrograms } from "../harness/programs.ts";
import { Tally } from "../harness/summary.ts";
import { endEnvironment } from "./deployedStacks.ts";

/** In this order: each scenario goes on where the one before it stopped. */
const SCENARIOS = [
  "deploy",
  "rotation",
  "refusal",
  "nodes",
  "capacity",
  "changes",
  "explain",
  "refresh",
  "upgrade",
  "takeDown",
  "adopt",
  // Last of those that share two clusters: it kills deploys, and what it might not mend would fail the others.
  "doctor",
  // On a cluster of its own.
  "realNode",
];

const found = findPrograms();
if ("missing" in found) {
  console.log(`skipped ${SCENARIOS.length}: the cluster tier needs programs that are not here`);
  for (const line of found.missing) console.log(`  ${line}`);
  console.log(`0 passed, 0 failed, ${SCENARIOS.length} skipped`);
  process.exit(0);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    console.error(`\n${signal}: stopping`);
    endEnvironment().finally(() => process.exit(130));
  });
}

const chosen = process.argv.slice(2);
const tally = new Tally();
const stream = run({
  files: SCENARIOS.filter((name) => chosen.length === 0 || chosen.includes(name)).map((name) =>
    resolve(import.meta.dirname, `scenarios/${name}.test.ts`),
  ),
  isolation: "none",
  concurrency: false,
});
stream.on("test:pass", tally.pass);
stream.on("test:fail", tally.fail);
const report = stream.compose(spec);
for await (const text of report) process.stdout.write(text);
await endEnvironment();
printFigures();
for (const line of tally.lines) console.log(line);
process.exit(tally.ok ? 0 : 1);
