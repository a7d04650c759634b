// Limits are in the file that Loki reads while it runs. Another limit counts without a restart, for the only tenant.
import assert from "node:assert/strict";
import { it } from "node:test";
import { TENANT } from "../../../components/loki/effectiveConfig.ts";
import { figure } from "../../harness/figures.ts";
import type { Pod } from "../../harness/pods/pod.ts";
import { until } from "../../harness/processes.ts";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { withLimits } from "../../harness/runningStack/limits.ts";
import { type RunningStack, runningStack } from "../../harness/runningStack/runningStack.ts";

const SELECTOR = '{namespace="limits-1"}';

/** What a pod of Loki reports at a path that the gateway does not offer. */
async function reported({ address }: Pod, path: string): Promise<string> {
  const answer = await fetch(`http://${address}:3100/${path}`, { headers: { "X-Scope-OrgID": TENANT } });
  assert.equal(answer.status, 200, path);
  return answer.text();
}

/** Waits until every pod of Loki reports something. They do not read the file at the same time. */
async function untilAllReport(
  what: string,
  { cluster }: RunningStack,
  path: string,
  isThere: (text: string) => boolean,
): Promise<void> {
  for (const pod of cluster.loki)
    await until(`${pod.name} ${what}`, async () => isThere(await reported(pod, path)), { timeoutMs: 60_000 });
}

/** Asks for 20 lines. */
async function search({ queries }: RunningStack): Promise<{ status: number; text: string }> {
  const answer = await queries.fetch(
    `/loki/api/v1/query_range?${new URLSearchParams({ query: SELECTOR, limit: "20" })}`,
  );
  return { status: answer.status, text: await answer.text() };
}

/** When each pod of Loki started. */
const startsOf = ({ cluster }: RunningStack): Promise<string[]> =>
  Promise.all(
    cluster.loki.map(async (pod) => {
      const [line] = /^process_start_time_seconds \S+/m.exec(await reported(pod, "metrics")) ?? [];
      assert.ok(line, pod.name);
      return line;
    }),
  );

const LIMITS = "config/tenant/v1/limits";
const hasNewLimit = (limits: string): boolean => /^max_query_series: 77$/m.test(limits);
const hasRefused = (metrics: string): boolean => /^loki_runtime_config_last_reload_successful\{.*\} 0/m.test(metrics);

it("a limit of queries counts within seconds, and no pod restarts", async () => {
  const running = await runningStack();
  const ledger = new Ledger("limits");
  const application = new Application(running.podLogs, "limits-1", "app-1", ledger);
  for (let i = 0; i < 50; i++) application.write();
  await running.queries.untilDelivered(ledger);
  const started = await startsOf(running);
  assert.equal((await search(running)).status, 200);
  const begin = performance.now();
  const restore = withLimits(running, { max_entries_limit_per_query: 10, max_query_series: 77 });
  const refused = async (): Promise<boolean> => {
    const { status, text } = await search(running);
    if (status === 400) assert.match(text, /max entries limit per query exceeded.*20 > 10/i);
    return status === 400;
  };
  await until("Loki refuses more lines than the new limit", refused, { timeoutMs: 60_000 });
  figure(
    "limits",
    `another limit counts ${((performance.now() - begin) / 1000).toFixed(0)} s after its file has changed`,
  );
  await untilAllReport("reads the limits", running, LIMITS, hasNewLimit);
  assert.deepEqual(await startsOf(running), started);
  restore();
  await untilAllReport("reads the limits from before", running, LIMITS, (limits) => !hasNewLimit(limits));
  assert.equal((await search(running)).status, 200);
});

it("a file that Loki cannot read changes nothing", async () => {
  const running = await runningStack();
  const restore = withLimits(running, { no_such_limit: 1, max_entries_limit_per_query: 10 });
  await untilAllReport("refuses the file", running, "metrics", hasRefused);
  assert.equal((await search(running)).status, 200);
  restore();
  await untilAllReport("reads the file again", running, "metrics", (metrics) => !hasRefused(metrics));
});
