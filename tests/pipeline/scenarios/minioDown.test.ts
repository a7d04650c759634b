import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("MinIO down for three minutes: writers take every line, and flush it later", async () => {
  const running = await runningStack();
  const received = await ReceivedLines.from(running);
  const workload = new Workload(running.podLogs, "miniodown");
  await sleep(5_000);
  await running.store.kill();
  await sleep(180_000);
  await running.store.start();
  await sleep(5_000);
  await assertNothingLost("MinIO down", running, workload.stop(), { received });
});
