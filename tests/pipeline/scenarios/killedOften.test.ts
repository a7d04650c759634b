import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const KILLS = 12;
const LINES_PER_SECOND = 200;

/** Seconds whose lines a kill sends again: those of the poll whose offsets were not saved yet, and those of the batch on its way. */
const SECONDS_AGAIN = 2;

it("Alloy killed twelve times in a minute, files rotated", { skip: alloyMissing() }, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const received = await ReceivedLines.from(running);
  const workload = new Workload(running.podLogs, "killedoften", {
    linesPerSecond: LINES_PER_SECOND,
    rotation: { maxBytes: 128 * 1024, maxFiles: 5 },
  });
  await sleep(5_000);
  for (let i = 0; i < KILLS; i++) {
    await alloy.kill();
    alloy.start();
    // At another moment of its poll each time.
    await sleep(4_400 + i * 100);
  }
  await sleep(10_000);
  const sentAgain = KILLS * SECONDS_AGAIN * LINES_PER_SECOND;
  await assertNothingLost("Alloy killed twelve times", running, workload.stop(), { received, sentAgain });
});
