import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readerName } from "../../../components/gateway/password.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { newKeys } from "../../harness/runningStack/renderedStack.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { restartInTurn, rollLoki, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("MinIO's and the gateway's credentials rotated under load, in the stack's order: no 401, no 403, nothing lost", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { cluster, stack, store } = running;
  const workload = new Workload(running.podLogs, "rotation");
  const begun = new Map(cluster.pods.map((pod) => [pod, statSync(pod.log).size]));
  await sleep(10_000);

  // Order: a new user with the policy, a new Secret, Loki rolled onto it, then the end of the old user.
  const old = stack.storageKeys;
  const next = newKeys(`${stack.bucket}-2`);
  await store.addUser(stack, next);
  stack.setStorageKeys(next);
  await rollLoki(cluster);
  await store.removeUser(old);

  // The gateway knows both users before Alloy sends the new one.
  const before = stack.gatewayLogin;
  const after = newKeys(readerName(2));
  stack.setGatewayUsers([after, before], before);
  await restartInTurn(cluster, cluster.component("gateway"));
  const refused = async (): Promise<string[]> => {
    const metrics = await (await fetch(`http://${cluster.alloy.address}:8888/metrics`)).text();
    return metrics.split("\n").filter((line) => /^otelcol_exporter_send_failed_log_records.* [1-9]/.test(line));
  };
  assert.deepEqual(await refused(), [], "before Alloy has the new login");
  stack.setGatewayUsers([after, before], after);
  await restartInTurn(cluster, [cluster.alloy]);
  await sleep(10_000);
  assert.deepEqual(await refused(), [], "with the new login");

  for (const pod of cluster.loki) {
    const said = readFileSync(pod.log, "utf8").slice(begun.get(pod));
    assert.doesNotMatch(said, /AccessDenied|InvalidAccessKeyId|status code: 403/, pod.name);
  }
  await assertNothingLost("credentials rotated", running, workload.stop(), { sentAgain: "a batch" });
});
