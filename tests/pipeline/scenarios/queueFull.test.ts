import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { until } from "../../harness/processes.ts";
import { withAlloyEnvironment } from "../../harness/runningStack/alloyEnvironment.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import {
  alloyStorage,
  killLoki,
  type RunningStack,
  restartAlloy,
  runningStack,
  startLoki,
} from "../../harness/runningStack/runningStack.ts";
import { Alerts } from "../alerts.ts";
import { assertDelivered } from "../scenario.ts";

/** One batch more than Alloy needs. Production has 640 MiB for each group. */
const QUEUE_BYTES = 1_000_000;

/** Size of the queues' files, MB. */
function queueMegabytes(running: RunningStack): number {
  const folder = join(alloyStorage(running), "queue");
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / 1e6;
}

async function fullQueues({ cluster }: RunningStack): Promise<number> {
  const text = await (await fetch(`http://${cluster.alloy.address}:8888/metrics`)).text();
  const sizes = [...text.matchAll(/^otelcol_exporter_queue_size\{.*\} (\S+)$/gm)].map(([, size]) => Number(size));
  return sizes.filter((size) => size > QUEUE_BYTES * 0.8).length;
}

it("Alloy replaced and killed while its queue is full: reading waits, nothing is lost, and the disk is free again", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  await withAlloyEnvironment(running, { LOGGING_QUEUE_BYTES: String(QUEUE_BYTES) }, async () => {
    const alerts = await Alerts.of("queue full", running);
    const workload = new Workload(running.podLogs, "full", { linesPerSecond: 1500 });
    await sleep(5_000);
    await killLoki(running);
    await until("full queues", async () => (await fullQueues(running)) >= 4, { timeoutMs: 120_000 });
    await sleep(10_000);
    await restartAlloy(running);
    await sleep(10_000);
    figure("queue full", `${await fullQueues(running)} queues, ${queueMegabytes(running).toFixed(1)} MB`);
    await alloy.kill();
    alloy.start();
    // Alloy is ready after each queue has put back what was being sent. A kill before that may lose it (docs/loss-contract.md).
    await running.cluster.waitUntilReady([alloy]);
    await sleep(5_000);
    await restartAlloy(running);
    await startLoki(running);
    await sleep(10_000);
    // How long it takes until queues are full decides which of them fire. The scenario `alerts` waits for each.
    await alerts.assertNoneBut("LoggingPartDown", "LoggingQueueFull", "LoggingQueueHalfFull", "LoggingRestarts");
    // Each of the four starts sends a batch of each group again.
    await assertDelivered("queue full", running, workload.stop(), { sentAgain: "everything" });
    // Alloy looks at what it could free when a queue has become small.
    const left = queueMegabytes(running);
    figure("queue full", `${left.toFixed(1)} MB after it was sent`);
    assert.ok(left < 40, `${left} MB are left`);
  });
});
