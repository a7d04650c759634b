import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { memoryLimit } from "../../../components/quantities.ts";
import { figure } from "../../harness/figures.ts";
import { Application, Workload } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { restartAlloy, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertDelivered } from "../scenario.ts";

const MEGABYTES = 90;

/** Ways in which 90 MB have no end of a line. */
const ENDLESS: ReadonlyArray<readonly [name: string, what: string, piece: Buffer]> = [
  [
    "parts",
    "as containerd writes it, in parts of 16 KB",
    Buffer.from(`2026-01-01T00:00:00.000000000Z stdout P ${"x".repeat(16_384)}\n`),
  ],
  ["raw", "without any newline", Buffer.alloc(16_384, "x")],
];

for (const [name, what, piece] of ENDLESS)
  it(`a line that never ends, ${what}: its neighbours wait for nothing, and Alloy stays within its limits`, {
    skip: alloyMissing(),
  }, async () => {
    const running = await runningStack();
    const { alloy } = running.cluster;
    // So that memory and CPU are those of this line.
    await restartAlloy(running);
    await sleep(5_000);
    const before = alloy.usage();
    const neighbours = new Workload(running.podLogs, `beside${name}`, { linesPerSecond: 50 });
    const endless = new Application(running.podLogs, `endless${name}-0`, "endless-app-0", new Ledger(`endless${name}`));
    const times = Math.ceil((MEGABYTES * 1e6) / piece.length);
    for (let n = 0; n < times; n++) {
      endless.writeRaw(piece);
      if (n % 600 === 0) await sleep(1_000);
    }
    await sleep(15_000);
    const after = alloy.usage();
    figure(
      `a line that never ends (${name})`,
      `${(after.cpuSeconds - before.cpuSeconds).toFixed(1)} s of CPU, ${before.peakMiB.toFixed(0)} MiB before and at most ${after.peakMiB.toFixed(0)} MiB`,
    );
    assert.ok(after.peakMiB < memoryLimit(alloy.container.resources), `${after.peakMiB} MiB`);
    endless.end();
    await assertDelivered(`beside a line that never ends (${name})`, running, neighbours.stop());
  });
