import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("pods removed with their files while Loki is down, and Alloy killed after that", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const workload = new Workload(running.podLogs, "removed");
  await sleep(5_000);
  await killLoki(running);
  await sleep(10_000);
  const ledger = workload.stop();
  // Alloy reads every second.
  await sleep(5_000);
  workload.delete();
  await sleep(5_000);
  await alloy.kill();
  alloy.start();
  await startLoki(running);
  await assertNothingLost("pods removed in an outage", running, ledger, { sentAgain: "a batch" });
});
