import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack, stopAlloy } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("Alloy killed and replaced three times each, in little more than a minute, while Loki is up", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const received = await ReceivedLines.from(running);
  // Files are rotated every ten seconds, so some of them while Alloy is away.
  const workload = new Workload(running.podLogs, "restarted", { rotation: { maxBytes: 128 * 1024, maxFiles: 5 } });
  for (let i = 0; i < 3; i++) {
    await sleep(12_000);
    await alloy.kill();
    await sleep(2_000);
    alloy.start();
    await sleep(12_000);
    await stopAlloy(alloy);
    alloy.start();
  }
  await sleep(12_000);
  await assertNothingLost("Alloy restarted", running, workload.stop(), { received, sentAgain: "a batch" });
});
