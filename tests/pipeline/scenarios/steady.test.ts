import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Workload } from "../applications.ts";
import { environment } from "../environment.ts";
import { assertNothingLost } from "../scenario.ts";

it("steady: every line arrives once", async () => {
  const running = await environment();
  const workload = new Workload(running.podLogs, "steady");
  await sleep(40_000);
  await assertNothingLost("steady", running, workload.stop());
});
