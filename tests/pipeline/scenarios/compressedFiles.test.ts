import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const LINES_PER_SECOND = 1000;

it("Alloy away until files that it has read in part are compressed, then killed while it reads them", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const workload = new Workload(running.podLogs, "compressed", { linesPerSecond: LINES_PER_SECOND });
  await sleep(10_000);
  await alloy.kill();
  // The kubelet keeps five files: the current one, the newest rotated one, and three compressed ones.
  for (let rotation = 0; rotation < 4; rotation++) {
    await sleep(4_000);
    for (const [i, application] of workload.applications.entries())
      if (i % 2 === 0) application.rotateInALine();
      else application.rotate();
  }
  const files = globSync(`${running.podLogs}/compressed-*/app/*.gz`);
  assert.equal(files.length, workload.applications.length * 3);
  // A packed file is read in one look, and Alloy saves how far it has read after a look. So a killed start can send again all that Loki
  // has from it, and the kill before them the last second.
  const received = await ReceivedLines.from(running);
  for (const milliseconds of [900, 1_300, 1_700]) {
    alloy.start();
    await sleep(milliseconds);
    await alloy.kill();
  }
  await sleep(2_000);
  const fromKilled = await received.read();
  figure("compressed files", `${fromKilled} entries received from starts that were killed`);
  alloy.start();
  await sleep(10_000);
  await assertNothingLost("compressed files", running, workload.stop(), { sentAgain: LINES_PER_SECOND + fromKilled });
});
