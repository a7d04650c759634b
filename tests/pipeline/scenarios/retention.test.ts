import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../harness/processes.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { restartInTurn, runningStack, startLokiWithEmptyDisks } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const HOUR = 3_600_000_000_000n;
const DAY_MS = 86_400_000;

/** Retention takes two weeks and two hours. Here the lines are two days old, and what else is patched is this. */
const HURRY: ReadonlyArray<readonly [RegExp, string]> = [
  [/retention_period: 336h/, "retention_period: 24h"],
  // Long enough for what is done in between.
  [/retention_delete_delay: 2h/, "retention_delete_delay: 40s"],
  [/compaction_interval: 10m/, "compaction_interval: 5s"],
];

it("retention removes chunks and index of what is past its time from the bucket, and nothing else", async () => {
  const running = await runningStack();
  const { cluster, stack, store } = running;
  const old = new Workload(running.podLogs, "expired", { ago: 48n * HOUR });
  const recent = new Workload(running.podLogs, "kept");
  await sleep(15_000);
  const gone = old.stop();
  const kept = recent.stop();
  await running.queries.untilDelivered(gone);
  await running.queries.untilDelivered(kept);
  // Everything is in the bucket then.
  await startLokiWithEmptyDisks(running);
  assert.equal((await running.queries.account(gone)).lost.length, 0);

  const keys = async (): Promise<string[]> => {
    const names: string[] = [];
    for await (const { name } of store.client(stack.storageKeys).listObjectsV2(stack.bucket, "", true))
      names.push(name);
    return names;
  };
  const dayOf = (ms: number): string => `index/loki_index_${Math.floor(ms / DAY_MS)}/`;
  const oldDay = dayOf(Number(gone.oldest / 1_000_000n));
  // A chunk's name ends with its first and last millisecond and its checksum.
  const expired = (key: string): boolean => {
    const [, through] = /:([0-9a-f]+):[0-9a-f]+$/.exec(key) ?? [];
    return key.startsWith(oldDay) || (through !== undefined && Number.parseInt(through, 16) < Date.now() - DAY_MS);
  };
  const before = await keys();
  const toGo = before.filter(expired);
  assert.ok(toGo.some((key) => key.startsWith("index/")) && toGo.some((key) => !key.startsWith("index/")), before[0]);

  const config = stack.objects.configMaps.loki as Record<string, string>;
  const production = config["config.yaml"] ?? "";
  config["config.yaml"] = HURRY.reduce((text, [from, to]) => {
    assert.match(text, from);
    return text.replace(from, to);
  }, production);
  const backends = cluster.component("backend");
  try {
    await restartInTurn(cluster, backends);
    const indexed = async () => (await keys()).some((key) => key.startsWith(oldDay));
    await until("the index without what is past its time", async () => !(await indexed()), { timeoutMs: 180_000 });
    // Nothing refers to these chunks any more. The next backend that compacts knows which of them must go, whatever its disk.
    assert.ok((await keys()).some(expired), "the chunks went with the index, so nothing is shown of who takes over");
    await Promise.all(backends.map((pod) => pod.kill()));
    for (const pod of backends) pod.emptyDisks();
    for (const pod of backends) pod.start();
    await cluster.waitUntilReady(backends);
    await until("expired objects gone", async () => !(await keys()).some(expired), { timeoutMs: 300_000 });
  } finally {
    config["config.yaml"] = production;
    await restartInTurn(cluster, backends);
  }
  const left = new Set(await keys());
  const chunks = before.filter((key) => !expired(key) && !key.startsWith("index/"));
  assert.ok(chunks.length > 0);
  assert.deepEqual(
    chunks.filter((key) => !left.has(key)),
    [],
    "chunks that are not past their time",
  );
  await assertNothingLost("retention", running, kept);
});
