import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../../harness/runningStack/applications.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const HOUR = 3_600_000_000_000n;

it("lines hours older than newer ones of the same stream", async () => {
  const running = await runningStack();
  // Older than half of `max_chunk_age`: without time sharding, Loki refuses such lines in a stream with newer ones. Both workloads have
  // the same namespaces and containers, so they share streams.
  const recent = new Workload(running.podLogs, "old");
  await sleep(10_000);
  const old = new Workload(running.podLogs, "old", { ago: 5n * HOUR, pods: 12, firstPod: 12 });
  await sleep(30_000);
  const ledger = recent.stop();
  ledger.merge(old.stop());
  await assertNothingLost("lines of five hours ago", running, ledger);
});
