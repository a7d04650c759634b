import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const MINUTE = 60_000_000_000n;

for (const [where, ago] of [
  ["15 minutes ahead", -15n * MINUTE],
  ["hours behind", 200n * MINUTE],
] as const)
  it(`a node's clock is ${where}`, async () => {
    const running = await runningStack();
    const workload = new Workload(running.podLogs, `clock${ago < 0n ? "ahead" : "behind"}`, { ago });
    await sleep(20_000);
    await assertNothingLost(`clock ${where}`, running, workload.stop());
  });
