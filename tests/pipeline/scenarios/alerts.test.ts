// A person on call: which alerts fire when a part breaks, and which do not. Prometheus's time is shorter than in a cluster, see README.md.
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withAlloyEnvironment } from "../../harness/runningStack/alloyEnvironment.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alertsMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { Alerts } from "../alerts.ts";

const skip = alertsMissing();

it("one writer down is a part that is down; with a second one, Loki refuses lines, and its ring is unhealthy", {
  skip,
}, async () => {
  const running = await runningStack();
  const alerts = await Alerts.of("writers down", running);
  const workload = new Workload(running.podLogs, "alertswriters", { linesPerSecond: 50 });
  const [first, second] = running.cluster.component("write");
  await first?.kill();
  await alerts.untilFires("LoggingPartDown", { component: "write", pod: "loki-write-0" });
  // Longer than every rule that could see it.
  await sleep(30_000);
  await alerts.assertFiredUntilNow("LoggingPartDown");
  await second?.kill();
  await alerts.untilFires("LoggingRequestErrors", { route: "otlp_v1_logs" });
  await alerts.untilFires("LoggingRingUnhealthy", { name: "ingester" });
  first?.start();
  second?.start();
  await alerts.untilQuiet();
  await alerts.assertFired("LoggingPartDown", "LoggingRequestErrors", "LoggingRingUnhealthy");
  workload.stop();
});

it("the gateway down is a part that is down", { skip }, async () => {
  const running = await runningStack();
  const alerts = await Alerts.of("gateway down", running);
  const pods = running.cluster.component("gateway");
  await Promise.all(pods.map((pod) => pod.kill()));
  await alerts.untilFires("LoggingPartDown", { component: "gateway", pod: "loki-gateway-0" });
  for (const pod of pods) pod.start();
  await alerts.untilQuiet();
  await alerts.assertFired("LoggingPartDown");
});

it("Loki down: its parts are down, and a small queue of a node fills up", { skip }, async () => {
  const running = await runningStack();
  // One batch more than Alloy needs.
  await withAlloyEnvironment(running, { LOGGING_QUEUE_BYTES: "1000000" }, async () => {
    const alerts = await Alerts.of("Loki down", running);
    const workload = new Workload(running.podLogs, "alertsloki", { linesPerSecond: 1000 });
    await sleep(5_000);
    await killLoki(running);
    await alerts.untilFires("LoggingQueueFull");
    await alerts.untilFires("LoggingQueueHalfFull");
    await alerts.untilFires("LoggingPartDown", { component: "backend" });
    await startLoki(running);
    await alerts.untilQuiet();
    await alerts.assertFired("LoggingPartDown", "LoggingQueueFull", "LoggingQueueHalfFull");
    workload.stop();
  });
});
