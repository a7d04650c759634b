import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertDelivered, assertNothingLost } from "../scenario.ts";

const MINUTE = 60_000_000_000n;

it("a node's clock is 15 minutes ahead", async () => {
  const running = await runningStack();
  const workload = new Workload(running.podLogs, "clockahead", { ago: -15n * MINUTE });
  await sleep(20_000);
  await assertDelivered("clock 15 minutes ahead", running, workload.stop());
});

it("a node's clock is two minutes ahead: Loki shows what is in MinIO when its time has come", async () => {
  const running = await runningStack();
  const workload = new Workload(running.podLogs, "clocknear", { ago: -2n * MINUTE });
  await sleep(20_000);
  const ledger = workload.stop();
  await sleep(Math.max(0, Number(ledger.newest / 1_000_000n) - Date.now()));
  await assertNothingLost("clock two minutes ahead", running, ledger);
});

it("a node's clock is hours behind", async () => {
  const running = await runningStack();
  const workload = new Workload(running.podLogs, "clockbehind", { ago: 200n * MINUTE });
  await sleep(20_000);
  await assertNothingLost("clock hours behind", running, workload.stop());
});
