import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { flushWriters, runningStack } from "../../harness/runningStack/runningStack.ts";
import { Alerts } from "../alerts.ts";
import { assertNothingLost } from "../scenario.ts";

it("MinIO down for three minutes: writers take every line, and flush it later", async () => {
  const running = await runningStack();
  const received = await ReceivedLines.from(running);
  const alerts = await Alerts.of("MinIO down", running);
  const workload = new Workload(running.podLogs, "miniodown");
  await sleep(5_000);
  await running.store.kill();
  // Writers flush chunks that are full all the time. What they cannot flush stays.
  for (let i = 0; i < 9; i++) {
    await flushWriters(running.cluster);
    await sleep(20_000);
  }
  await running.store.start();
  await sleep(5_000);
  await alerts.assertFired("LoggingFlushFailures", "LoggingObjectStoreErrors");
  await assertNothingLost("MinIO down", running, workload.stop(), { received });
});
