import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { type Accounts, assertNothingLost, itCountsOnce } from "../scenario.ts";

let found: Accounts | undefined;

it("files rotated away while containers write to them, and for a moment after", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const workload = new Workload(running.podLogs, "files", {
    linesPerSecond: 400,
    rotation: { maxBytes: 64 * 1024, maxFiles: 5, splitsLines: false },
  });
  await sleep(120_000);
  found = await assertNothingLost("files rotated", running, workload.stop(), { resent: true });
});

itCountsOnce("files rotated away while containers write to them", () => found);
