import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("Alloy killed twelve times in a minute, files rotated", { skip: alloyMissing() }, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const received = await ReceivedLines.from(running);
  const workload = new Workload(running.podLogs, "killedoften", { rotation: { maxBytes: 128 * 1024, maxFiles: 5 } });
  await sleep(5_000);
  for (let i = 0; i < 12; i++) {
    await alloy.kill();
    alloy.start();
    // At another moment of its poll each time.
    await sleep(4_400 + i * 100);
  }
  await sleep(10_000);
  // Each kill sends again what was on its way. On a busy machine it was 23 % of all lines, and 11 % were counted twice.
  await assertNothingLost("Alloy killed twelve times", running, workload.stop(), { received, sentAgain: "everything" });
});
