import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("files rotated away while containers write to them, and for a moment after", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const received = await ReceivedLines.from(running);
  const workload = new Workload(running.podLogs, "files", {
    linesPerSecond: 400,
    rotation: { maxBytes: 64 * 1024, maxFiles: 5, splitsLines: false },
  });
  await sleep(120_000);
  await assertNothingLost("files rotated", running, workload.stop(), { received });
});
