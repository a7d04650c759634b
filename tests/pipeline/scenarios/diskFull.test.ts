import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("a writer's disk is full: nothing lost, and the writer reports it", async () => {
  const running = await runningStack();
  const writer = running.cluster.component("write")[2];
  assert.ok(writer);
  await writer.stop();
  writer.emptyDisks();
  // The write-ahead log fills a disk of a few MiB at once.
  const disk = writer.disk("data");
  execFileSync("sh", ["-c", `mkdir -p ${disk} && mount -t tmpfs -o size=4m,mode=777 full ${disk}`]);
  try {
    writer.start();
    await running.cluster.waitUntilReady([writer]);
    const workload = new Workload(running.podLogs, "diskfull");
    await sleep(60_000);
    const metrics = await (await fetch(`http://${writer.address}:3100/metrics`)).text();
    const [, failures] = /^loki_ingester_wal_disk_full_failures_total (\S+)/m.exec(metrics) ?? [];
    assert.ok(Number(failures) > 0, "the disk was not full, so nothing is shown");
    await writer.stop();
    execFileSync("umount", ["-l", disk]);
    writer.start();
    await assertNothingLost("a writer's disk full", running, workload.stop());
  } finally {
    execFileSync("sh", ["-c", `umount -l ${disk} 2>/dev/null || true`]);
  }
});
