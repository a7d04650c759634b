// The journal of a node: each entry of the chosen units is one line, whatever is killed, rotated or removed.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { JOURNAL_PORT } from "../../../components/alloy/journal/container.ts";
import type { AlertContext } from "../../../components/monitoring/alerts/alert.ts";
import { journalAlerts } from "../../../components/monitoring/alerts/journal.ts";
import { figure } from "../../harness/figures.ts";
import { PROMETHEUS_ACCEPTS, reportedSeries } from "../../harness/metricsText.ts";
import { nodeFolder } from "../../harness/pods/node.ts";
import type { Pod } from "../../harness/pods/pod.ts";
import { until } from "../../harness/processes.ts";
import { parseExpression } from "../../harness/promql.ts";
import type { Found } from "../../harness/runningStack/account.ts";
import { journalMissing, journalPod, NodeJournal } from "../../harness/runningStack/nodeJournal.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, type RunningStack, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { textInFolder } from "../../harness/runningStack/storedText.ts";
import { MASK_KINDS, PLANTED_SECRETS } from "../../harness/secrets.ts";

const UNITS = ["kubelet.service", "containerd.service", "kernel"];
/** The second node, on which no other pod runs. */
const NODE = 1;

const WEEK_MS = 7 * 86_400_000;

const skip = alloyMissing() || journalMissing();
if (skip) console.log(`THE NODE'S JOURNAL is not tested: ${skip}`);

let running: RunningStack;
let journal: NodeJournal;
let pod: Pod;
const began = BigInt(Date.now()) * 1_000_000n;

before(async () => {
  if (skip) return;
  running = await runningStack();
  journal = NodeJournal.of(running, NODE);
  // A rule for a namespace leaves a journal alone.
  const other = { pattern: "entry", namespaces: ["kube-*"] };
  pod = await journalPod(running, NODE, UNITS, [...MASK_KINDS.map((kind) => ({ kind })), other]);
});

/** Metrics that the alert on dropped entries reads. */
const droppedMetrics = (): string[] =>
  journalAlerts({ here: 'cluster="a"' } as AlertContext)
    .filter(({ name }) => name === "LoggingJournalDropped")
    .flatMap(({ expression }) => parseExpression(expression).selectors.map(({ metric }) => metric))
    .filter((metric) => metric !== "up");

async function reports(metrics: readonly string[]): Promise<boolean> {
  const response = await fetch(`http://${pod.address}:${JOURNAL_PORT}/metrics`, {
    headers: { accept: PROMETHEUS_ACCEPTS },
  });
  const series = reportedSeries(await response.text());
  return metrics.length > 0 && metrics.every((name) => series.some(({ metric }) => metric === name));
}

const start = async (): Promise<void> => {
  pod.start();
  await until("the journal's container", async () => pod.ready, { timeoutMs: 60_000 });
};

const now = (): bigint => BigInt(Date.now()) * 1_000_000n + 1_000_000_000n;
const selector = (unit: string): string => `{container="${unit}", node="aks-apps-00000000-vmss000001"}`;

async function assertEachOnce(name: string): Promise<void> {
  for (const unit of UNITS) {
    const written = journal.written.get(unit) ?? [];
    const counted = (): Promise<number> => running.queries.count(selector(unit), began, now());
    await until(`lines of ${unit}`, async () => (await counted()) >= written.length, {
      timeoutMs: 120_000,
      everyMs: 2000,
    }).catch(() => undefined);
    const found: string[] = [];
    for await (const page of running.queries.lines(selector(unit), began, now()))
      for (const { text } of page) found.push(text);
    const lost = written.filter((line) => !found.includes(line));
    figure(
      name,
      `${unit}: ${written.length} entries, ${lost.length} lost, ${found.length - new Set(found).size} twice`,
    );
    assert.deepEqual(lost.slice(0, 5), []);
    assert.deepEqual([...found].sort(), [...written].sort());
  }
}

it("entries of the chosen units arrive with their unit, level and node, and others do not", { skip }, async () => {
  for (const unit of [...UNITS, "ssh.service"]) journal.write(unit, 200);
  journal.write("kernel", 1, 4);
  journal.plant("kubelet.service", PLANTED_SECRETS);
  await start();
  await assertEachOnce("the journal, from before the first start");
  assert.equal(await running.queries.count('{container="ssh.service"}', began, now()), 0);
  for await (const page of running.queries.lines(`${selector("kernel")} | level="warn"`, began, now())) {
    const { __time_shard__, ...labels } = (page[0] as Found).labels as Record<string, string>;
    assert.deepEqual(labels, {
      ...{ cluster: "prod-aks-a", env: "prod", node: "aks-apps-00000000-vmss000001", container: "kernel" },
      ...{ service_name: "kernel", level: "warn", detected_level: "warn" },
    });
  }
});

it("what is masked is in no file of the queue, and a line names the rule", { skip }, async () => {
  await killLoki(running);
  journal.plant("kubelet.service", PLANTED_SECRETS);
  const queue = join(nodeFolder(running.folder, NODE), "var/lib/alloy/journal/queue");
  await until("the entries in the queue", async () => textInFolder(queue).includes("[masked:url-password]"));
  for (const { secret } of PLANTED_SECRETS) assert.ok(!textInFolder(queue).includes(secret));
  // Young enough to be read, and soon too old for Loki.
  journal.writeOld("kernel", WEEK_MS - 30_000);
  await sleep(31_000);
  await startLoki(running);
  await until("the old entry is dropped, in the words of the alert", async () => reports(droppedMetrics()), {
    timeoutMs: 120_000,
  });
  await assertEachOnce("the journal, with secrets");
  const rules = new Set(PLANTED_SECRETS.map(({ rule }) => rule));
  for (const rule of rules) {
    const found = await running.queries.count(`${selector("kubelet.service")} | masked="${rule}"`, began, now());
    assert.equal(found, 2 * PLANTED_SECRETS.filter((planted) => planted.rule === rule).length, rule);
  }
});

it("the container is killed ten times, the journal rotated and its old files removed, and Loki down", {
  skip,
}, async () => {
  for (let kills = 0; kills < 10; kills++) {
    for (let i = 0; i < 10; i++) {
      for (const unit of UNITS) journal.write(unit, 20);
      await sleep(200);
    }
    if (kills === 2) await killLoki(running);
    await pod.kill();
    journal.write("kubelet.service", 20);
    if (kills % 3 === 0) journal.rotate();
    await start();
    if (kills === 6) await startLoki(running);
  }
  await assertEachOnce("the journal, killed, rotated, Loki down");
  // The cursor's file is gone: what is left of the last week is read again, and is the same.
  await pod.kill();
  journal.vacuum();
  for (const unit of UNITS) journal.write(unit, 20);
  await start();
  await assertEachOnce("the journal, its old files removed");
  figure("the journal", `at most ${pod.usage().peakMiB.toFixed(0)} MiB, ${pod.usage().cpuSeconds.toFixed(1)} s of CPU`);
});
