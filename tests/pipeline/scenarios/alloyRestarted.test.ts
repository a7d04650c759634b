import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../applications.ts";
import { environment } from "../environment.ts";
import { alloyMissing } from "../programs.ts";
import { type Accounts, assertCounted, assertNothingLost, COUNTED_TWICE } from "../scenario.ts";

let found: Accounts | undefined;

it("Alloy restarted and killed while Loki is up", { skip: alloyMissing() }, async () => {
  const running = await environment();
  const { alloy } = running.cluster;
  const workload = new Workload(running.podLogs, "restarted", { rotation: { maxBytes: 128 * 1024, maxFiles: 5 } });
  for (let i = 0; i < 3; i++) {
    await sleep(12_000);
    await alloy.kill();
    await sleep(2_000);
    alloy.start();
    await sleep(12_000);
    await alloy.stop();
    alloy.start();
  }
  await sleep(12_000);
  found = await assertNothingLost("Alloy restarted", running, workload.stop(), { resent: true });
});

it("Alloy restarted and killed while Loki is up: count_over_time", {
  skip: alloyMissing(),
  todo: COUNTED_TWICE,
}, () => {
  assert.ok(found);
  assertCounted(found.now, "through the gateway");
  assertCounted(found.stored, "from MinIO alone");
});
