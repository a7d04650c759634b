import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("Alloy away until files that it has read in part are compressed, then killed while it reads them", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const workload = new Workload(running.podLogs, "compressed", { linesPerSecond: 1000 });
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
  for (const milliseconds of [900, 1_300, 1_700]) {
    alloy.start();
    await sleep(milliseconds);
    await alloy.kill();
  }
  await sleep(2_000);
  alloy.start();
  await sleep(10_000);
  // A packed file is read in one look, and Alloy saves how far it has read after a look. So what a killed start has put in its queue, the
  // next one reads and sends as well.
  await assertNothingLost("compressed files", running, workload.stop(), { sentAgain: "everything" });
});
