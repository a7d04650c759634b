import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync } from "node:fs";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { alloyStorage, killLoki, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { assertDelivered } from "../scenario.ts";

it("the node's disk is full while Loki is down: reading waits, and nothing is lost, even if Alloy is killed", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const disk = alloyStorage(running);
  await alloy.kill();
  mkdirSync(disk, { recursive: true });
  // Each of the 32 files has at least 32 KB.
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "full", disk]);
  try {
    alloy.start();
    await running.cluster.waitUntilReady([alloy]);
    const workload = new Workload(running.podLogs, "nodefull", { linesPerSecond: 1500 });
    await sleep(5_000);
    await killLoki(running);
    await sleep(45_000);
    const free = (): number => statfsSync(disk).bavail * statfsSync(disk).bsize;
    figure("node's disk full", `${(free() / 1e6).toFixed(1)} MB free after 45 s`);
    assert.ok(free() < 4e6, "the disk was not full, so nothing is shown");
    await alloy.kill();
    alloy.start();
    await sleep(10_000);
    await startLoki(running);
    await sleep(10_000);
    await assertDelivered("node's disk full", running, workload.stop(), { sentAgain: "a batch" });
  } finally {
    await alloy.kill();
    execFileSync("umount", ["-l", disk]);
    alloy.start();
    await running.cluster.waitUntilReady([alloy]);
  }
});
