// npm run test:cluster: both stacks on the real Pulumi engine, two real API servers and a real MinIO. See README.md.
import { resolve } from "node:path";
import { argumentsOf } from "../harness/developerCommand.ts";
import { printFigures } from "../harness/figures.ts";
import { stopOnSignal } from "../harness/processes.ts";
import { findPrograms } from "../harness/pulumi/findPrograms.ts";
import { runTests, Summary } from "../harness/summary.ts";
import { endEnvironment } from "./deployedStacks.ts";

/** In this order: each scenario continues where the one before it stopped. */
const SCENARIOS = [
  "deploy",
  "rotation",
  "refusal",
  "nodes",
  "capacity",
  "changes",
  "explain",
  "admission",
  "aks",
  "legacyBackend",
  "monitoring",
  "events",
  "refresh",
  "upgrade",
  "takeDown",
  "adopt",
  // The last of those that share two clusters: it kills deploys. What it could not repair would make the others fail.
  "doctor",
  // On another cluster.
  "realNode",
];

const { positionals: named } = argumentsOf(
  `npm run test:cluster                    every scenario, in this order
npm run test:cluster -- SCENARIO...     only these, in this order; most of them need deploy

scenarios: ${SCENARIOS.join(", ")}`,
  {},
);
const unknown = named.filter((name) => !SCENARIOS.includes(name));
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(", ")}; there are: ${SCENARIOS.join(", ")}`);
  process.exit(2);
}
const chosen = SCENARIOS.filter((name) => named.length === 0 || named.includes(name));
const summary = new Summary();

const found = findPrograms();
if ("missing" in found) {
  console.log("The cluster tier cannot run here:");
  for (const line of found.missing) console.log(`  ${line}`);
  for (const name of chosen) summary.skip(name, "the cluster tier cannot run here");
  for (const line of summary.lines) console.log(line);
  process.exit(0);
}

stopOnSignal(endEnvironment);
await runTests(
  chosen.map((name) => resolve(import.meta.dirname, `scenarios/${name}.test.ts`)),
  summary,
);
await endEnvironment();
printFigures();
console.log();
for (const line of summary.lines) console.log(line);
process.exit(summary.ok ? 0 : 1);
