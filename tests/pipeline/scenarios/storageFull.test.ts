import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { until } from "../../harness/processes.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { counter } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import {
  alloyStorage,
  killLoki,
  type RunningStack,
  runningStack,
  startLoki,
} from "../../harness/runningStack/runningStack.ts";
import { assertDelivered } from "../scenario.ts";

/** Gives Alloy's folder a disk. Each of its 32 files has at least 32 KB. */
const mountDisk = (disk: string): Buffer => execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "full", disk]);

/** What else was on the disk is gone. */
const freeDisk = (disk: string): Buffer => execFileSync("mount", ["-o", "remount,size=512m", disk]);

/** Fills the disk while Loki is down, kills Alloy, and brings Loki back. */
async function fillDisk(running: RunningStack, disk: string): Promise<void> {
  const { alloy } = running.cluster;
  await sleep(5_000);
  await killLoki(running);
  await sleep(45_000);
  const { bavail, bsize } = statfsSync(disk);
  figure("node's disk full", `${((bavail * bsize) / 1e6).toFixed(1)} MB free after 45 s`);
  assert.ok(bavail * bsize < 4e6, "the disk was not full, so nothing is shown");
  const failed = await counter(alloy.address, 8888, "otelcol_exporter_enqueue_failed_log_records");
  assert.ok(failed > 0, "the alert LoggingQueueNotWritten fires");
  await alloy.kill();
  alloy.start();
  await sleep(10_000);
  await startLoki(running);
  await sleep(10_000);
}

it("the node's disk is full while Loki is down, and Alloy is killed: the node's files still have what the queue loses", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const disk = alloyStorage(running);
  await alloy.kill();
  mkdirSync(disk, { recursive: true });
  mountDisk(disk);
  try {
    alloy.start();
    await running.cluster.waitUntilReady([alloy]);
    const workload = new Workload(running.podLogs, "nodefull", { linesPerSecond: 1500 });
    await fillDisk(running, disk);
    assert.ok(alloy.ready, "Alloy runs");
    freeDisk(disk);
    const queued = (): Promise<number> => counter(alloy.address, 8888, "otelcol_exporter_queue_size");
    await sleep(40_000);
    const ledger = workload.stop();
    await until("empty queues", async () => (await queued()) === 0, { timeoutMs: 300_000, everyMs: 1000 });
    const { lost, written } = await running.queries.account(ledger);
    figure("node's disk full, before the steps of the runbook", `${lost.length} of ${written} lines missing`);
    // docs/runbooks.md, LoggingQueueNotWritten
    rmSync(join(disk, "offsets"), { recursive: true });
    await alloy.kill();
    alloy.start();
    await running.cluster.waitUntilReady([alloy]);
    await sleep(5_000);
    await assertDelivered("node's disk full", running, ledger, { sentAgain: "everything" });
  } finally {
    await alloy.kill();
    execFileSync("umount", ["-l", disk]);
    alloy.start();
    await running.cluster.waitUntilReady([alloy]);
  }
});
