import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { restartInTurn, rollLoki, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("a rolling restart of all of Loki, gateway included", async () => {
  const running = await runningStack();
  const { cluster } = running;
  const workload = new Workload(running.podLogs, "rolling");
  await sleep(10_000);
  await rollLoki(cluster);
  await restartInTurn(cluster, cluster.component("gateway"));
  await sleep(5_000);
  await assertNothingLost("rolling restart", running, workload.stop());
});
