import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import type { Pod } from "../../harness/pods/pod.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { Flood } from "../../harness/runningStack/flood.ts";
import { withLimits } from "../../harness/runningStack/limits.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { restartInTurn, runningStack } from "../../harness/runningStack/runningStack.ts";
import { Waits } from "../../harness/runningStack/waits.ts";
import { assertNothingLost } from "../scenario.ts";

const MB_PER_SECOND = 20;
/** `FLOOD_MINUTES=10` floods for as long as a person would need to notice, with the stack's own limit. It takes a quarter of an hour. */
const MINUTES = Number(process.env.FLOOD_MINUTES ?? 0);
const SECONDS = MINUTES > 0 ? MINUTES * 60 : 40;
/** The neighbours have all first digits in turn, so one of them shares the flood's receiver. */
const GROUP = "7";
const NEIGHBOURS = 16;

/** Far less than the stack sets: a busy machine would not reach that in a short flood. A batch has 2 MB. */
const LIMIT = MINUTES > 0 ? {} : { per_stream_rate_limit: "100KB", per_stream_rate_limit_burst: "4MB" };

it("one container floods: its neighbours lose nothing and hardly wait, and what Loki refuses is named", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { cluster, queries, podLogs } = running;
  const writers = cluster.component("write");
  const { alloy } = cluster;
  const restoreLimits = withLimits(running, LIMIT);
  await restartInTurn(cluster, writers);

  const neighbours = new Workload(podLogs, "beside", { pods: NEIGHBOURS, linesPerSecond: 10 * NEIGHBOURS });
  const waits = new Waits(queries, neighbours.ledger);
  await sleep(20_000);
  const usual = sorted(waits);
  const before = alloy.usage().cpuSeconds;
  const from = BigInt(Date.now()) * 1_000_000n;
  const flood = new Flood(podLogs, "flood-0", `${GROUP}${randomUUID().slice(1)}`, MB_PER_SECOND);
  await sleep(SECONDS * 1000);
  const { cpuSeconds, peakMiB } = alloy.usage();
  const duringFlood = sorted(waits);
  flood.delete();
  const to = BigInt(Date.now()) * 1_000_000n;
  const refused = await discarded(writers);

  restoreLimits();
  await restartInTurn(cluster, writers);
  neighbours.stop();
  await waits.untilAll((400 + SECONDS) * 1000);
  const kept = await queries.count('{namespace="flood-0"}', from, to);
  figure("flood", `${(flood.bytes / 1e6).toFixed(0)} MB, ${flood.lines} lines written, ${kept} kept`);
  figure("flood, lines that Loki refused until Alloy sent them again", refused);
  figure("Alloy beside a flood", `${((cpuSeconds - before) / SECONDS).toFixed(2)} cores, ${peakMiB.toFixed(0)} MiB`);
  const listed = (seconds: readonly number[]): string => seconds.map((s) => s.toFixed(1)).join(", ");
  figure("longest wait of each neighbour before the flood, s", listed(usual));
  figure("longest wait of each neighbour during the flood, s", listed(duringFlood));
  figure("longest wait of the neighbour in the flood's group, s", Math.max(...waits.longest.values()).toFixed(0));
  await assertNothingLost("beside a flood", running, neighbours.ledger, { sentAgain: "a batch" });
  assert.ok(flood.bytes / SECONDS > 0.8 * MB_PER_SECOND * 1e6, "the flood was slower than that, so nothing is shown");
  // A busy machine takes seconds for a query, with and without a flood.
  const ninth = (seconds: readonly number[]): number => seconds[Math.ceil(NEIGHBOURS * 0.9) - 1] ?? Number.NaN;
  const longer = ninth(duringFlood) - ninth(usual);
  assert.ok(longer < 5, `nine in ten neighbours should wait at most 5 s longer, not ${longer.toFixed(1)} s`);
  assert.ok(refused > 0, "Loki refused nothing, so nothing is shown");
  const log = readFileSync(alloy.log, "utf8");
  assert.match(log, /Per stream rate limit exceeded[^\n]*namespace=\\*"flood-0/, "Alloy's log names the container");
});

const sorted = (waits: Waits): number[] => [...waits.longest.values()].sort((a, b) => a - b);

/** How many lines Loki has refused because of their stream's rate. */
async function discarded(writers: readonly Pod[]): Promise<number> {
  const metrics = await Promise.all(
    writers.map(async ({ address }) => (await fetch(`http://${address}:3100/metrics`)).text()),
  );
  const counts = metrics.flatMap((text) => [
    ...text.matchAll(/^loki_discarded_samples_total\{.*reason="per_stream_rate_limit".*\} (\S+)$/gm),
  ]);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
