import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { longestRetention, retentionStreams } from "../../../components/loki/retention.ts";
import { until } from "../../harness/processes.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { withLimits } from "../../harness/runningStack/limits.ts";
import {
  type RunningStack,
  restartInTurn,
  runningStack,
  startLokiWithEmptyDisks,
} from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const HOUR = 3_600_000_000_000n;

/** For lines that are two days old, in four namespaces. Every container is called `app`. */
const RULES = {
  retentionHours: 24,
  retention: [
    // rule-0 has no rule, and expires with everything.
    { namespace: "rule-1", hours: 72 },
    { namespace: "rule-2", hours: 24 },
    { namespace: "rule-2", container: "app", hours: 72 },
    { namespace: "rule-3", hours: 72 },
    { namespace: "rule-3", container: "app", hours: 24 },
  ],
};
const EXPIRED = /^rule-[03]\//;

it("each namespace and container expires by its own rule, and nothing else does", async () => {
  const running = await runningStack();
  const old = new Workload(running.podLogs, "rule", { ago: 48n * HOUR });
  const recent = new Workload(running.podLogs, "recent");
  await sleep(10_000);
  const [aged, kept] = [old.stop(), recent.stop()];
  for (const ledger of [aged, kept]) await running.queries.untilDelivered(ledger);
  // Everything is in the bucket after this.
  await startLokiWithEmptyDisks(running);
  assert.equal((await running.queries.account(aged)).lost.length, 0);
  const before = await streamsOfOldChunks(running);
  assert.ok(before.size >= 4, `${before.size} streams`);

  await withRules(running, async () => {
    // One of the two expired namespaces has no rule, the other one for its container. Chunks go after their lines in the index.
    const half = async () => (await streamsOfOldChunks(running)).size === before.size / 2;
    await until("the end of expired chunks", half, { timeoutMs: 240_000 });
    // Backends compare their copy of the index with the bucket's every five minutes, and readers have chunks in their cache. With empty
    // disks and caches, all that they show comes from the bucket.
    await startLokiWithEmptyDisks(running);
    assert.equal(await running.queries.count('{namespace=~"rule-[03]"}', aged.oldest, aged.newest), 0);
    const { lost, damaged } = await running.queries.account(aged);
    const expired = [...aged.lines.keys()].filter((id) => EXPIRED.test(id));
    assert.ok(expired.length > 0 && expired.length < aged.lines.size);
    assert.deepEqual(lost.sort(), expired.sort(), "lines that are gone, and lines that have expired");
    assert.deepEqual(damaged, []);
  });
  await assertNothingLost("retentionByNamespace", running, kept);
});

/** Streams with chunks that ended more than a day ago. A chunk's name has the stream's fingerprint, then its first and last millisecond. */
async function streamsOfOldChunks({ store, stack }: RunningStack): Promise<Set<string>> {
  const streams = new Set<string>();
  for await (const { name } of store.client(stack.storageKeys).listObjectsV2(stack.bucket, "", true)) {
    const [, stream, through = ""] = /([0-9a-f]+)\/[0-9a-f]+:([0-9a-f]+):[0-9a-f]+$/.exec(name) ?? [];
    if (stream && Number.parseInt(through, 16) < Date.now() - 86_400_000) streams.add(stream);
  }
  return streams;
}

/** Runs something while Loki has the rules, and deletes within seconds instead of hours. */
async function withRules(running: RunningStack, run: () => Promise<void>): Promise<void> {
  const { cluster, stack } = running;
  const files = stack.objects.configMaps.loki as Record<string, string>;
  const production = { ...files };
  const config = parse(production["config.yaml"] ?? "");
  Object.assign(config.compactor, { retention_delete_delay: "20s", compaction_interval: "5s" });
  files["config.yaml"] = stringify(config);
  const backends = cluster.component("backend");
  await restartInTurn(cluster, backends);
  // No pod restarts for another retention.
  const restoreLimits = withLimits(running, {
    retention_period: `${RULES.retentionHours}h`,
    retention_stream: retentionStreams(RULES.retention),
    max_query_lookback: `${longestRetention(RULES)}h`,
  });
  try {
    await run();
  } finally {
    Object.assign(files, production);
    restoreLimits();
    await restartInTurn(cluster, backends);
  }
}
