import assert from "node:assert/strict";
import { figure } from "../harness/figures.ts";
import { until } from "../harness/processes.ts";
import type { Account } from "../harness/runningStack/account.ts";
import type { Ledger } from "../harness/runningStack/ledger.ts";
import { counter, type ReceivedLines } from "../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../harness/runningStack/requirements.ts";
import { type RunningStack, startLokiWithEmptyDisks } from "../harness/runningStack/runningStack.ts";

/** What a scenario may send again: a number is that many lines, which the scenario can explain. */
type SentAgain = "nothing" | "a batch" | "everything" | "everything twice" | number;

/**
 * The most that `count_over_time` may count again, as a share of the lines: a writer that holds a line in two blocks counts both, while log
 * queries show it once (grafana/loki#24704).
 */
const COUNTED_AGAIN: Readonly<Record<Exclude<SentAgain, number>, number>> = {
  nothing: 0,
  "a batch": 0.01,
  everything: 1,
  "everything twice": 2,
};

/** The largest share of lines that Loki may receive again when nothing was killed: a request that took too long. */
const RECEIVED_AGAIN = 0.01;

/** What else a scenario counts. */
interface Counts {
  /** Counts what Loki receives from before the first line. */
  readonly received?: ReceivedLines;
  /** Default: nothing. After a kill, it is the batch that was on its way. */
  readonly sentAgain?: SentAgain;
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
  await assertReceivedOnce(name, running, ledger, now, counts);
  await startLokiWithEmptyDisks(running);
  const stored = await running.queries.account(ledger);
  report(`${name}, from MinIO alone`, stored);
  assertWhole(now, "through the gateway", counts);
  assertWhole(stored, "from MinIO alone", counts);
  if (!counts.sentAgain) assert.deepEqual(now.cut, [], "lines that a rotation split are in three");
}

/** The contract as far as the gateway shows it. For scenarios about Alloy, to which it does not matter where Loki has the lines. */
export async function assertDelivered(
  name: string,
  running: RunningStack,
  ledger: Ledger,
  counts: Counts = {},
): Promise<void> {
  assertWhole(await delivered(name, running, ledger), "through the gateway", counts);
}

async function delivered(name: string, { cluster, queries }: RunningStack, ledger: Ledger): Promise<Account> {
  if (!alloyMissing()) {
    const { address } = cluster.alloy;
    const queued = (): Promise<number> => counter(address, 8888, "otelcol_exporter_queue_size");
    await until("empty queues", async () => (await queued()) === 0, { timeoutMs: 300_000, everyMs: 1000 });
  }
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

async function assertReceivedOnce(
  name: string,
  { queries }: RunningStack,
  { prefix }: Ledger,
  account: Account,
  { received, sentAgain }: Counts,
): Promise<void> {
  if (!received) return;
  const entries = entriesOf(account);
  const total = await received.read();
  // The stack's own pods log too: the more, the slower MinIO answers.
  const others = await queries.count(
    `{namespace=~".+", namespace!~"${prefix}-.+"}`,
    received.began,
    BigInt(Date.now()) * 1_000_000n,
  );
  const again = total - entries - others;
  figure(name, `${again} of ${entries} entries received again, beside ${others} of the stack's own pods`);
  if (!sentAgain) assert.ok(again <= entries * RECEIVED_AGAIN, `${again} of ${entries} entries were sent again`);
}

const entriesOf = ({ written, split, cut }: Account): number => written + split.length + cut.length;

function assertWhole(account: Account, where: string, { sentAgain = "nothing" }: Counts): void {
  const { written, lost, twice, damaged, counted } = account;
  const some = (ids: string[]): string => `${ids.slice(0, 5).join("\n")}`;
  assert.ok(written > 0, "nothing was written, so nothing is proved");
  assert.equal(lost.length, 0, `${where}: ${lost.length} of ${written} lines lost:\n${some(lost)}`);
  assert.equal(twice.length, 0, `${where}: ${twice.length} lines visible twice:\n${some(twice)}`);
  assert.equal(damaged.length, 0, `${where}: ${damaged.length} lines differ from what was written:\n${some(damaged)}`);
  const entries = entriesOf(account);
  const again = typeof sentAgain === "number" ? sentAgain : entries * COUNTED_AGAIN[sentAgain];
  assert.ok(
    counted >= entries && counted <= entries + again,
    `${where}: count_over_time is ${counted} for ${entries} entries`,
  );
}
