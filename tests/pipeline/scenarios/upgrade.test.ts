import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Application, Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, type RunningStack, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { oldFiles, startOldRelease, untilOldFilesGone } from "../oldRelease.ts";
import { assertNothingLost } from "../scenario.ts";

/** The kubelet keeps five files of a container, and gives it a new one every few seconds. */
const ROTATION = { maxBytes: 128 * 1024, maxFiles: 5, splitsLines: false };

/** Writes what release 0.1 sent in another form than the current one does: levels that are not a word, and lines that end in `\r`. */
function writeOddLines(applications: readonly Application[]): void {
  const levels = ["30", "45", "0.5", "true", "null", '""', '"two words"', '"30"', '{"a":1}', "[]"];
  for (const application of applications) {
    for (const level of levels) {
      application.writeWithId((id) => `{"id":"${id}","level":${level}}`);
      application.writeWithId((id) => `{"id":"${id}","Level":${level},"level":"warn"}`);
    }
    application.writeWithId(
      (id) => `id=${id} of Windows\r`,
      (id) => `id=${id} of Windows`,
    );
  }
}

it("an upgrade from release 0.1 while Loki is up", { skip: alloyMissing() }, async () => {
  const running = await runningStack();
  const upgrade = await startOldRelease(running);
  const workload = new Workload(running.podLogs, "upgradeup", { rotation: ROTATION });
  writeOddLines(workload.applications);
  await sleep(40_000);
  await workload.deleteOne();
  await upgrade();
  await sleep(20_000);
  await assertNothingLost("upgrade", running, workload.stop(), { sentAgain: "everything twice" });
  await untilOldFilesGone(running);
});

/**
 * Two outages. In the first, Alloy restarts, so its buffer begins another segment. Between them the buffer is sent, so Alloy notes that it
 * needs nothing of what it has. In the second, two pods are deleted: only the buffer has their lines.
 */
async function twoOutages(running: RunningStack, workload: Workload): Promise<void> {
  const { alloy } = running.cluster;
  await killLoki(running);
  await sleep(10_000);
  await alloy.kill();
  alloy.start();
  await sleep(5_000);
  await startLoki(running);
  await sleep(40_000);
  await killLoki(running);
  await workload.deleteOne();
  await workload.deleteOne();
}

it("an upgrade from release 0.1 while Loki is down: what only its buffer has is delivered", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const upgrade = await startOldRelease(running);
  const workload = new Workload(running.podLogs, "upgradedown", { rotation: ROTATION });
  writeOddLines(workload.applications);
  await sleep(15_000);
  await twoOutages(running, workload);
  await upgrade();
  await sleep(30_000);
  assert.ok(oldFiles(running).includes("loki.write.gateway"), "the buffer stays until it is sent");
  await startLoki(running);
  await sleep(20_000);
  await assertNothingLost("upgrade while Loki is down", running, workload.stop(), { sentAgain: "everything twice" });
  await untilOldFilesGone(running);
});
