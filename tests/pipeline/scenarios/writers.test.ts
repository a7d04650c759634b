import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { Alerts } from "../alerts.ts";
import { assertNothingLost } from "../scenario.ts";

it("one writer killed, and back with its disk", async () => {
  const running = await runningStack();
  const [writer] = running.cluster.component("write");
  const alerts = await Alerts.of("writer killed", running);
  const workload = new Workload(running.podLogs, "writerkilled");
  await sleep(20_000);
  await writer?.kill();
  await sleep(20_000);
  writer?.start();
  await sleep(20_000);
  // A part may be away for ten minutes before someone is woken, one minute here.
  await alerts.assertFired();
  await assertNothingLost("writer killed", running, workload.stop());
});

it("one writer lost for good with its disk", async () => {
  const running = await runningStack();
  const writer = running.cluster.component("write")[1];
  const alerts = await Alerts.of("writer lost", running);
  const workload = new Workload(running.podLogs, "writerlost");
  await sleep(20_000);
  await writer?.kill();
  writer?.emptyDisks();
  await sleep(20_000);
  // The new pod has only the name of the old one.
  writer?.start();
  await sleep(20_000);
  await alerts.assertFired();
  await assertNothingLost("writer lost", running, workload.stop());
});
