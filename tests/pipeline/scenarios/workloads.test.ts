import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, type RunningStack, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const NAMESPACE = "workloads-0";

/** Pods of each kind, and what their lines are grouped by. The container of each is `app`. */
const PODS = [
  ["api-5d78c9869d-x7k2z", "api", "api"],
  ["api-5d78c9869d-ztsp9", "api", "api"],
  ["db-0", "db", "db"],
  ["agent-x7k2z", "agent", "agent"],
  ["backup-29123456-x7k2z", "backup", "backup"],
  ["debug", "debug", "app"],
] as const;

/** The next ReplicaSet of the same Deployment. */
const ROLLED_OUT = ["api-6d4b75cb6d-bcdfg", "api-6d4b75cb6d-hjklm"] as const;

async function streams({ queries }: RunningStack): Promise<string[]> {
  const match = new URLSearchParams({ "match[]": `{namespace="${NAMESPACE}"}` });
  const { data } = (await (await queries.fetch(`/loki/api/v1/series?${match}`)).json()) as {
    data: Array<Record<string, string>>;
  };
  return data.map(({ service_name = "none" }) => service_name).sort();
}

it("lines are grouped by their workload, and a roll-out makes no stream, through a kill, rotations and an outage", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const ledger = new Ledger("workloads");
  const log = (pods: readonly string[]): void => {
    for (const pod of pods) {
      const application = new Application(running.podLogs, NAMESPACE, pod, ledger);
      for (let n = 0; n < 100; n++) {
        application.write();
        if (n === 50) application.rotate();
      }
      application.end();
    }
  };
  log(PODS.map(([pod]) => pod));
  await running.queries.untilDelivered(ledger);
  const before = await streams(running);
  assert.deepEqual([...new Set(before)], ["agent", "api", "app", "backup", "db"]);
  await killLoki(running);
  log(ROLLED_OUT);
  await sleep(3_000);
  await running.cluster.alloy.kill();
  running.cluster.alloy.start();
  await startLoki(running);
  await assertNothingLost("workloads", running, ledger, { sentAgain: "a batch" });
  assert.deepEqual(await streams(running), before);
  for (const [pod, workload, service] of [...PODS, ...ROLLED_OUT.map((pod) => [pod, "api", "api"] as const)]) {
    const selector = `{namespace="${NAMESPACE}", service_name="${service}"} | pod="${pod}" | workload="${workload}"`;
    // The other stream's lines between the parts of long ones count too.
    const found = await running.queries.count(selector, ledger.oldest - 1_000_000_000n, ledger.newest + 1_000_000_000n);
    const written = [...ledger.lines.keys()].filter((id) => id.startsWith(`${NAMESPACE}/${pod}/`)).length;
    assert.equal(found, written, selector);
  }
});
