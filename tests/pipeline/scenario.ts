import assert from "node:assert/strict";
import type { Ledger } from "./applications.ts";
import { type Environment, startLokiWithEmptyDisks } from "./environment.ts";
import type { Account } from "./queries.ts";

const figures: string[] = [];

/** Notes a figure for the end of the run. */
export function note(text: string): void {
  figures.push(text);
  console.log(`    ${text}`);
}

/** Prints the figures of all scenarios. */
export function printFigures(): void {
  if (figures.length > 0) console.log(`\nfigures\n${figures.map((text) => `  ${text}`).join("\n")}`);
}

/**
 * The contract of every scenario: all lines are there, once, as they were written, through the gateway and, after Loki has lost its
 * disks, from what MinIO holds.
 */
export async function assertNothingLost(name: string, environment: Environment, ledger: Ledger): Promise<void> {
  await environment.queries.untilDelivered(ledger);
  const now = await environment.queries.account(ledger);
  note(`${name}: ${described(now)}`);
  await startLokiWithEmptyDisks(environment);
  const stored = await environment.queries.account(ledger);
  note(`${name}, from MinIO alone: ${described(stored)}`);
  for (const text of [...now.lost, ...now.damaged].slice(0, 20)) console.log(`      ${text.slice(0, 400)}`);
  assertWhole(now, "through the gateway");
  assertWhole(stored, "from MinIO alone");
}

const described = ({ written, lost, twice, damaged, counted }: Account): string =>
  `${written} lines written, ${lost.length} lost, ${twice.length} twice, ${damaged.length} damaged, count_over_time ${counted}`;

function assertWhole(account: Account, where: string): void {
  const { written, lost, twice, damaged, counted } = account;
  const some = (ids: string[]): string => `${ids.slice(0, 5).join("\n")}`;
  assert.ok(written > 0, "nothing was written, so nothing is shown");
  assert.equal(lost.length, 0, `${where}: ${lost.length} of ${written} lines lost:\n${some(lost)}`);
  assert.equal(twice.length, 0, `${where}: ${twice.length} lines visible twice:\n${some(twice)}`);
  assert.equal(damaged.length, 0, `${where}: ${damaged.length} lines that nobody wrote like this:\n${some(damaged)}`);
  assert.equal(counted, written, `${where}: count_over_time`);
}
