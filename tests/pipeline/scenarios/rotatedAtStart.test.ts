import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("files rotated in the second in which Alloy starts", { skip: alloyMissing() }, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const workload = new Workload(running.podLogs, "rotatedatstart");
  for (let start = 0; start < 5; start++) {
    await sleep(8_000);
    await alloy.kill();
    await sleep(2_000);
    alloy.start();
    // Alloy needs about a second. In that time, every file is rotated once, and every second one in the middle of a line.
    for (const [i, application] of workload.applications.entries()) {
      if (i % 2 === 0) application.rotateInALine();
      else application.rotate();
      await sleep(150);
    }
  }
  await sleep(8_000);
  await assertNothingLost("files rotated at a start", running, workload.stop(), { sentAgain: "a batch" });
});
