import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { Alerts } from "../alerts.ts";
import { assertNothingLost } from "../scenario.ts";

it("steady: every line arrives once", async () => {
  const running = await runningStack();
  const received = await ReceivedLines.from(running);
  const alerts = await Alerts.of("steady", running);
  const workload = new Workload(running.podLogs, "steady");
  await sleep(40_000);
  await alerts.untilQuiet();
  await alerts.assertFired();
  await assertNothingLost("steady", running, workload.stop(), { received });
});

it("a stream is a container on a node: a value without a bound is not a label", async () => {
  const { queries } = await runningStack();
  const match = new URLSearchParams({ "match[]": '{namespace=~"steady-.+"}' });
  const series = (await (await queries.fetch(`/loki/api/v1/series?${match}`)).json()) as { data: object[] };
  const labels = new Set(series.data.flatMap(Object.keys));
  // Loki adds the last one.
  const stack = ["cluster", "container", "env", "namespace", "node", "service_name"];
  assert.deepEqual([...labels].sort(), [...stack, "__time_shard__"].sort());
});
