import { randomUUID } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { until } from "../../harness/processes.ts";
import { withAlloyEnvironment } from "../../harness/runningStack/alloyEnvironment.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { Flood } from "../../harness/runningStack/flood.ts";
import { counter } from "../../harness/runningStack/receivedLines.ts";
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

/** The largest file that keeps its space when its queue is empty, MB. Each node has sixteen. */
const LARGEST_LEFT = 17;

/** Size of each queue's file, MB. */
function queueMegabytes(running: RunningStack): number[] {
  const folder = join(alloyStorage(running), "queue");
  return readdirSync(folder).map((name) => statSync(join(folder, name)).size / 1e6);
}

async function untilDiskIsFree(running: RunningStack): Promise<void> {
  await until("small files", async () => Math.max(...queueMegabytes(running)) < LARGEST_LEFT);
  figure("queue files after all was sent, MB", listed(queueMegabytes(running)));
}

const listed = (megabytes: readonly number[]): string => megabytes.map((mb) => mb.toFixed(1)).join(", ");

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
    figure("queue full", `${await fullQueues(running)} queues, MB: ${listed(queueMegabytes(running))}`);
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
    await untilDiskIsFree(running);
  });
});

it("a large queue gives its disk space back when it was sent", { skip: alloyMissing() }, async () => {
  const running = await runningStack();
  await killLoki(running);
  const flood = new Flood(running.podLogs, "disk-0", randomUUID(), 5);
  const largest = (): number => Math.max(...queueMegabytes(running));
  await until("a large queue", async () => largest() > 2 * LARGEST_LEFT, { timeoutMs: 120_000 });
  figure("file of a large queue, MB", largest().toFixed(1));
  flood.delete();
  await startLoki(running);
  const queued = (): Promise<number> => counter(running.cluster.alloy.address, 8888, "otelcol_exporter_queue_size");
  await until("empty queues", async () => (await queued()) === 0, { timeoutMs: 300_000, everyMs: 1000 });
  await untilDiskIsFree(running);
});
