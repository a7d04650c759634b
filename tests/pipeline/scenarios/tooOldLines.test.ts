import assert from "node:assert/strict";
import { it } from "node:test";
import { figure } from "../../harness/figures.ts";
import { Application, timestamp } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { counter } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertDelivered } from "../scenario.ts";

const HOUR = 3_600_000_000_000n;

/** Lines that Loki refuses, or that could be thought to be refused. None may take its neighbours with it. */
const ODD_LINES: ReadonlyArray<readonly [what: string, ago: bigint, text: string | Buffer]> = [
  ["too old", 170n * HOUR, "from last week"],
  ["too far in the future", -25n * HOUR, "from tomorrow"],
  ["empty", 0n, ""],
  ["not UTF-8", 0n, Buffer.from([0x62, 0xff, 0xfe, 0xc3, 0x28])],
  ["with control characters", 0n, "a\u0000b\u001b[31mred\u0007"],
];

it("lines that Loki refuses are in the same batch as good ones: these are kept, and the others are counted", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { cluster, podLogs } = running;
  const discarded = async (): Promise<number> => {
    const perWriter = cluster
      .component("write")
      .map(({ address }) => counter(address, 3100, "loki_discarded_samples_total"));
    return (await Promise.all(perWriter)).reduce((sum, n) => sum + n, 0);
  };
  const before = await discarded();
  const ledger = new Ledger("refused");
  const application = new Application(podLogs, "refused-0", "refused-app-0", ledger);
  for (let n = 0; n < 100; n++) {
    application.write();
    if (n % 10 !== 0) continue;
    for (const [, ago, text] of ODD_LINES.slice(0, 2))
      application.writeRaw(`${timestamp(BigInt(Date.now()) * 1_000_000n - ago)} stdout F ${text}\n`);
  }
  await assertDelivered("beside refused lines", running, ledger);
  assert.equal((await discarded()) - before, 20);
  figure(
    "beside refused lines",
    `Alloy counts ${await counter(cluster.alloy.address, 8888, "otelcol_exporter_send_failed_log_records(?:_total)?")} as not sent`,
  );
});

it("lines with odd content take no other line with them", { skip: alloyMissing() }, async () => {
  const running = await runningStack();
  const ledger = new Ledger("odd");
  const application = new Application(running.podLogs, "odd-0", "odd-app-0", ledger);
  // Lines of the same pod in a namespace that the account does not look at.
  const beside = new Application(running.podLogs, "strange-0", "strange-app-0", new Ledger("strange"));
  for (let n = 0; n < 50; n++) {
    application.write();
    for (const [, ago, text] of ODD_LINES.slice(2)) {
      beside.writeRaw(`${timestamp(BigInt(Date.now()) * 1_000_000n - ago + BigInt(n))} stdout F `);
      beside.writeRaw(text);
      beside.writeRaw("\n");
    }
  }
  await assertDelivered("beside odd lines", running, ledger);
  const [from, to] = [ledger.oldest - HOUR / 60n, ledger.newest + HOUR / 60n];
  figure("odd lines", `${await running.queries.count('{namespace="strange-0"}', from, to)} of 150 arrived`);
  assert.equal(await running.queries.count('{namespace="strange-0"}', from, to), 150);
});
