import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, runningStack, startLoki, stopAlloy } from "../../harness/runningStack/runningStack.ts";
import { Alerts } from "../alerts.ts";
import { assertNothingLost } from "../scenario.ts";

it("Alloy killed and replaced while Loki is down, files rotated: nothing lost, nothing twice", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const received = await ReceivedLines.from(running);
  const alerts = await Alerts.of("Alloy killed in an outage", running);
  // Small files, so that each is rotated several times, some of them while Alloy is down.
  const workload = new Workload(running.podLogs, "alloykilled", { rotation: { maxBytes: 96 * 1024, maxFiles: 5 } });
  await sleep(35_000);
  await received.read();
  await killLoki(running);
  await sleep(15_000);
  await alloy.kill();
  await sleep(12_000);
  alloy.start();
  await sleep(15_000);
  await stopAlloy(alloy);
  await sleep(3_000);
  alloy.start();
  await sleep(15_000);
  await alerts.untilFires("LoggingPartDown", { component: "backend" });
  await startLoki(running);
  // Alloy itself was never away for long enough.
  await alerts.assertFired("LoggingPartDown");
  await assertNothingLost("Alloy killed in an outage", running, workload.stop(), { received, sentAgain: "a batch" });
});
