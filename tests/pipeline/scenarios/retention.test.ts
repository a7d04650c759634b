import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
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
const DAY_MS = 86_400_000;

/** Retention takes two weeks and two hours. In this scenario lines are two days old, and these settings are patched. */
const FAST_RETENTION: ReadonlyArray<readonly [RegExp, string]> = [
  // Long enough for the steps in between.
  [/retention_delete_delay: 2h/, "retention_delete_delay: 40s"],
  [/compaction_interval: 10m/, "compaction_interval: 5s"],
];

it("retention removes expired chunks and their index from the bucket, and nothing else", async () => {
  const running = await runningStack();
  const old = new Workload(running.podLogs, "expired", { ago: 48n * HOUR });
  const recent = new Workload(running.podLogs, "kept");
  await sleep(15_000);
  const gone = old.stop();
  const kept = recent.stop();
  await running.queries.untilDelivered(gone);
  await running.queries.untilDelivered(kept);
  // Everything is in the bucket after this.
  await startLokiWithEmptyDisks(running);
  assert.equal((await running.queries.account(gone)).lost.length, 0);

  const oldIndex = `index/loki_index_${Math.floor(Number(gone.oldest / 1_000_000n) / DAY_MS)}/`;
  const expired = (key: string): boolean => key.startsWith(oldIndex) || isExpiredChunk(key);
  const before = await objectKeys(running);
  const toGo = before.filter(expired);
  assert.ok(toGo.some((key) => key.startsWith("index/")) && toGo.some((key) => !key.startsWith("index/")), before[0]);

  await withFastRetention(running, () => expire(running, oldIndex, expired));
  const left = new Set(await objectKeys(running));
  const chunks = before.filter((key) => !expired(key) && !key.startsWith("index/"));
  assert.ok(chunks.length > 0);
  assert.deepEqual(
    chunks.filter((key) => !left.has(key)),
    [],
    "chunks that have not expired",
  );
  await assertNothingLost("retention", running, kept);
});

async function objectKeys({ store, stack }: RunningStack): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.client(stack.storageKeys).listObjectsV2(stack.bucket, "", true)) names.push(name);
  return names;
}

/** A chunk's name ends with its first and last millisecond and its checksum. */
function isExpiredChunk(key: string): boolean {
  const [, through] = /:([0-9a-f]+):[0-9a-f]+$/.exec(key) ?? [];
  return through !== undefined && Number.parseInt(through, 16) < Date.now() - DAY_MS;
}

/** Runs something while the backends have patched settings. */
async function withFastRetention(running: RunningStack, run: () => Promise<void>): Promise<void> {
  const { cluster, stack } = running;
  const config = stack.objects.configMaps.loki as Record<string, string>;
  const production = config["config.yaml"] ?? "";
  config["config.yaml"] = FAST_RETENTION.reduce((text, [from, to]) => {
    assert.match(text, from);
    return text.replace(from, to);
  }, production);
  const backends = cluster.component("backend");
  const restoreLimits = withLimits(running, { retention_period: "24h" });
  try {
    await restartInTurn(cluster, backends);
    await run();
  } finally {
    restoreLimits();
    config["config.yaml"] = production;
    await restartInTurn(cluster, backends);
  }
}

/** Waits for the index to be deleted, kills the backends with their disks, and waits for the chunks to be deleted. */
async function expire(running: RunningStack, oldIndex: string, expired: (key: string) => boolean): Promise<void> {
  const { cluster } = running;
  const backends = cluster.component("backend");
  const indexed = async () => (await objectKeys(running)).some((key) => key.startsWith(oldIndex));
  await until("the index without expired lines", async () => !(await indexed()), { timeoutMs: 180_000 });
  // No index refers to these chunks now. The next backend that compacts must know that they have to go, without the old disk.
  const chunksAreLeft = (await objectKeys(running)).some(expired);
  assert.ok(chunksAreLeft, "the chunks went with the index, so this does not show that another backend takes over");
  await Promise.all(backends.map((pod) => pod.kill()));
  for (const pod of backends) pod.emptyDisks();
  for (const pod of backends) pod.start();
  await cluster.waitUntilReady(backends);
  const allGone = async () => !(await objectKeys(running)).some(expired);
  await until("the end of expired objects", allGone, { timeoutMs: 300_000 });
}
