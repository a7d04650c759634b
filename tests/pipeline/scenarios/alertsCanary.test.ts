import { it } from "node:test";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alertsMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { Alerts } from "../alerts.ts";
import { assertDelivered } from "../scenario.ts";

it("a node without Alloy: it is missing, it does not answer, and after five minutes the canary's lines are lost", {
  skip: alertsMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const alerts = await Alerts.of("Alloy down", running);
  const workload = new Workload(running.podLogs, "alertscanary", { linesPerSecond: 20 });
  await alloy.kill();
  await alerts.untilFires("LoggingAgentDown", { node: alloy.node, pod: alloy.name });
  await alerts.untilFires("LoggingAgentMissing");
  // The canary's own times are not shorter here: it waits five minutes for a line, and looks once a minute.
  await alerts.untilFires("LoggingCanaryLost");
  await alerts.assertFired("LoggingAgentDown", "LoggingAgentMissing", "LoggingCanaryLost");
  alloy.start();
  await running.cluster.waitUntilReady([alloy]);
  await assertDelivered("Alloy down", running, workload.stop(), { sentAgain: "a batch" });
});
