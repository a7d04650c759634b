import { rmSync } from "node:fs";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { alloyStorage, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const MINUTE = 60_000_000_000n;

it("a node that forgot what it had sent, and sends all of it again after more than 40 minutes: nothing twice", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  // By default, Loki shards the lines of a stream by time only when they are older than 40 minutes. These lines are sent once before and
  // once after that age.
  const workload = new Workload(running.podLogs, "late", { ago: 39n * MINUTE });
  await sleep(30_000);
  const ledger = workload.stop();
  await running.queries.untilDelivered(ledger);
  await alloy.kill();
  rmSync(alloyStorage(running), { recursive: true });
  await sleep(60_000);
  alloy.start();
  await sleep(20_000);
  await assertNothingLost("sent again after 40 minutes", running, ledger, { sentAgain: "everything" });
});
