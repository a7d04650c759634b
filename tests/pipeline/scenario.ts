import assert from "node:assert/strict";
import { figure } from "../harness/figures.ts";
import type { Account } from "../harness/runningStack/account.ts";
import type { Ledger } from "../harness/runningStack/ledger.ts";
import type { ReceivedLines } from "../harness/runningStack/receivedLines.ts";
import { type RunningStack, startLokiWithEmptyDisks } from "../harness/runningStack/runningStack.ts";

/** The largest share of lines that Alloy may send again when nothing was killed. */
const SENT_AGAIN = 0.01;

/** What else a scenario counts. */
interface Counts {
  /** Counts what Loki receives from before the first line. Nothing else may log in that time. */
  readonly received?: ReceivedLines;
  /** Whether Alloy or Loki was killed. A batch on its way is then sent again. */
  readonly killed?: boolean;
}

/**
 * The contract of every scenario: Loki shows each line once and unchanged, and counts it once, through the gateway and, after it has lost
 * its disks, from MinIO alone.
 */
export async function assertNothingLost(
  name: string,
  running: RunningStack,
  ledger: Ledger,
  counts: Counts = {},
): Promise<void> {
  const now = await delivered(name, running, ledger);
  await assertReceivedOnce(name, now, counts);
  await startLokiWithEmptyDisks(running);
  const stored = await running.queries.account(ledger);
  report(`${name}, from MinIO alone`, stored);
  assertWhole(now, "through the gateway");
  assertWhole(stored, "from MinIO alone");
  if (!counts.killed) assert.deepEqual(now.cut, [], "lines that a rotation split are in three");
}

/** The contract as far as the gateway shows it. For scenarios about Alloy, to which it does not matter where Loki has the lines. */
export async function assertDelivered(name: string, running: RunningStack, ledger: Ledger): Promise<void> {
  assertWhole(await delivered(name, running, ledger), "through the gateway");
}

async function delivered(name: string, { queries }: RunningStack, ledger: Ledger): Promise<Account> {
  await queries.untilDelivered(ledger);
  const account = await queries.account(ledger);
  report(name, account);
  return account;
}

function report(name: string, account: Account): void {
  const { written, lost, twice, damaged, split, cut, counted } = account;
  figure(
    name,
    `${written} lines written, ${lost.length} lost, ${twice.length} twice, ${damaged.length} damaged, ${split.length} split by a rotation (${cut.length} in three), count_over_time ${counted}`,
  );
  for (const text of [...lost.slice(0, 10), ...damaged.slice(0, 10)]) console.log(`      ${text.slice(0, 600)}`);
}

async function assertReceivedOnce(name: string, account: Account, { received, killed }: Counts): Promise<void> {
  if (!received) return;
  const entries = account.written + account.split.length + account.cut.length;
  const again = (await received.read()) - entries;
  figure(name, `${again} of ${entries} entries received again`);
  if (!killed) assert.ok(again <= entries * SENT_AGAIN, `${again} of ${entries} entries were sent again`);
}

function assertWhole(account: Account, where: string): void {
  const { written, lost, twice, damaged, split, cut, counted } = account;
  const some = (ids: string[]): string => `${ids.slice(0, 5).join("\n")}`;
  assert.ok(written > 0, "nothing was written, so nothing is proved");
  assert.equal(lost.length, 0, `${where}: ${lost.length} of ${written} lines lost:\n${some(lost)}`);
  assert.equal(twice.length, 0, `${where}: ${twice.length} lines visible twice:\n${some(twice)}`);
  assert.equal(damaged.length, 0, `${where}: ${damaged.length} lines differ from what was written:\n${some(damaged)}`);
  assert.equal(counted, written + split.length + cut.length, `${where}: count_over_time`);
}
