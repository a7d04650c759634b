import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("Loki down for 100 s at 1,500 lines/s, files rotated several times", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const received = await ReceivedLines.from(running);
  const workload = new Workload(running.podLogs, "fast", {
    linesPerSecond: 1500,
    rotation: { maxBytes: 2 ** 20, maxFiles: 5 },
  });
  await sleep(15_000);
  await received.read();
  await killLoki(running);
  await sleep(100_000);
  await startLoki(running);
  await sleep(15_000);
  await assertNothingLost("fast rotation in an outage", running, workload.stop(), { received, sentAgain: "a batch" });
});
