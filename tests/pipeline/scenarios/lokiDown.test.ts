import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { killLoki, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { Alerts } from "../alerts.ts";
import { assertNothingLost } from "../scenario.ts";

it("all of Loki and its gateway down for three minutes", async () => {
  const running = await runningStack();
  const received = await ReceivedLines.from(running);
  const alerts = await Alerts.of("Loki down", running);
  const workload = new Workload(running.podLogs, "lokidown");
  await sleep(5_000);
  await received.read();
  await killLoki(running);
  await sleep(180_000);
  await startLoki(running);
  await sleep(5_000);
  await alerts.assertFired("LoggingPartDown");
  await assertNothingLost("Loki down", running, workload.stop(), { received, sentAgain: "a batch" });
});

it("all of Loki hanging for three minutes", async () => {
  const running = await runningStack();
  const received = await ReceivedLines.from(running);
  const alerts = await Alerts.of("Loki hanging", running);
  const workload = new Workload(running.podLogs, "lokihangs");
  await sleep(5_000);
  for (const pod of running.cluster.loki) pod.signal("SIGSTOP");
  await sleep(180_000);
  for (const pod of running.cluster.loki) pod.signal("SIGCONT");
  await sleep(5_000);
  await alerts.assertFired("LoggingPartDown");
  // What a hanging Loki had received when Alloy gave up waiting is sent again.
  await assertNothingLost("Loki hanging", running, workload.stop(), { received, sentAgain: "a batch" });
});
