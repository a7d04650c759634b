import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Reader } from "../../../automation/cluster/gateway.ts";
import { stackSettings } from "../../../automation/plan/stackSettings.ts";
import { measureUsage } from "../../../automation/usage/usage.ts";
import { usageText } from "../../../automation/usage/usageText.ts";
import { figure } from "../../harness/figures.ts";
import { until } from "../../harness/processes.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import {
  type RunningStack,
  restartInTurn,
  runningStack,
  startLokiWithEmptyDisks,
} from "../../harness/runningStack/runningStack.ts";

const HOUR = 3_600_000_000_000n;

/**
 * Copies of a line that the three writers could not store as one, as they count in Loki's index once the compactor has merged it. Writers
 * that are stopped at once, as here, cut their chunks at different lines.
 */
const MOST_COPIES = 3;
/** Bytes in the index for a byte of a line: structured metadata counts too. */
const WITH_METADATA = 1.2;

it("npm run usage counts what each container logged, from Loki's index", async () => {
  const running = await runningStack();
  const old = new Workload(running.podLogs, "usage", { ago: 48n * HOUR });
  await sleep(15_000);
  const ledger = old.stop();
  await running.queries.untilDelivered(ledger);
  // The chunks are in the bucket after this, and the index has them.
  await startLokiWithEmptyDisks(running);
  await compactOften(running);

  const written = await bytesWritten(running);
  assert.deepEqual([...written.keys()].sort(), ["usage-0", "usage-1", "usage-2", "usage-3"]);
  const { args } = await stackSettings("prod-aks-a");
  const reader: Reader = {
    ask: async (path) => {
      const response = await running.queries.fetch(path);
      return { status: response.status, body: await response.text() };
    },
  };
  const measure = () => measureUsage(args, reader, { days: 3, pricePerGb: 0.02 });
  await until("an index with every namespace", async () => (await measure()).containers.length >= written.size, {
    timeoutMs: 120_000,
  });
  const usage = await measure();
  console.log(usageText(usage));
  for (const [namespace, bytes] of written) {
    const found = usage.containers.filter((one) => one.namespace === namespace);
    assert.deepEqual(
      found.map(({ container, hoursKept }) => [container, hoursKept]),
      [["app", 336]],
    );
    const counted = (found[0]?.gibPerDay ?? 0) * usage.days * 2 ** 30;
    figure(`usage of ${namespace}`, `${bytes} bytes written, counted ${(counted / bytes).toFixed(2)} times`);
    assert.ok(
      counted > bytes * 0.9 && counted < bytes * MOST_COPIES * WITH_METADATA,
      `${namespace}: ${counted} of ${bytes}`,
    );
  }
  assert.ok(usage.busiestMbPerSecond > 0 && usage.busiestMbPerSecond < usage.ingestionRateMb);
  assert.equal(usage.fittingProfile, "small");
});

/** Bytes of the lines in each namespace: Loki reads every line for this. */
async function bytesWritten({ queries }: RunningStack): Promise<Map<string, number>> {
  const result = await queries.ask<{ metric: Record<string, string>; value: [number, string] }>("query", {
    query: 'sum by (namespace) (bytes_over_time({namespace=~"usage-.+"}[72h]))',
    time: `${Date.now() / 1000}`,
  });
  return new Map(result.map(({ metric, value }) => [metric.namespace ?? "", Number(value[1])]));
}

/** Merges the writers' index files within seconds instead of ten minutes. */
async function compactOften({ cluster, stack }: RunningStack): Promise<void> {
  const files = stack.objects.configMaps.loki as Record<string, string>;
  const production = files["config.yaml"] ?? "";
  assert.match(production, /compaction_interval: 10m/);
  files["config.yaml"] = production.replace("compaction_interval: 10m", "compaction_interval: 5s");
  try {
    await restartInTurn(cluster, cluster.component("backend"));
    await sleep(30_000);
    // An index gateway that starts reads the merged index.
    await restartInTurn(cluster, cluster.component("backend"));
  } finally {
    files["config.yaml"] = production;
  }
}
