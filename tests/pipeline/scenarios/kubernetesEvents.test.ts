// Kubernetes events of a real API server: each is one line, whatever is killed.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { until } from "../../harness/processes.ts";
import { EventLedger } from "../../harness/runningStack/eventLedger.ts";
import { EventSender, eventsMissing } from "../../harness/runningStack/eventSender.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import {
  killLoki,
  type RunningStack,
  runningStack,
  startLoki,
  startLokiWithEmptyDisks,
  stopAlloy,
} from "../../harness/runningStack/runningStack.ts";
import { textInFolder } from "../../harness/runningStack/storedText.ts";
import { MASK_KINDS, PLANTED_SECRETS } from "../../harness/secrets.ts";

const skip = eventsMissing();
if (skip) console.log(`KUBERNETES EVENTS are not tested: ${skip}`);

/**
 * The most that `count_over_time` may count again after a kill, as a share: a writer that holds an entry in two blocks counts both
 * (grafana/loki#24704). Six kills send the events of half a minute again.
 */
const AGAIN = 0.5;

let running: RunningStack;
let sender: EventSender;

before(async () => {
  if (skip) return;
  running = await runningStack();
  const here = MASK_KINDS.map((kind) => ({ kind, namespaces: ["events-*"] }));
  sender = await EventSender.make(running, [...here, { pattern: "event", namespaces: ["elsewhere"] }]);
});

const ledgerOf = async (name: string): Promise<EventLedger> => {
  const ledger = new EventLedger(sender.api, `events-${name}`);
  await ledger.createNamespace();
  return ledger;
};

/** Each event is one line. */
async function assertEachOnce(name: string, ledger: EventLedger, again = 0): Promise<void> {
  await ledger.untilDelivered(running.queries);
  const { created, lost, twice, strange, counted } = await ledger.account(running.queries);
  figure(
    name,
    `${created} events, ${lost.length} lost, ${twice.length} twice, ${strange.length} others, count_over_time ${counted}`,
  );
  assert.ok(created > 0);
  assert.deepEqual([lost.slice(0, 5), twice.slice(0, 5), strange.slice(0, 5)], [[], [], []]);
  assert.ok(counted >= created && counted <= created * (1 + again), `count_over_time is ${counted} for ${created}`);
}

it("events from before the first start, events alike, and events that occur again are one line each", {
  skip,
}, async () => {
  const ledger = await ledgerOf("first");
  await ledger.createMany(200);
  await sender.start();
  await ledger.createAlike();
  const n = await ledger.create();
  for (const count of [2, 3, 4]) await ledger.repeat(n, count);
  await assertEachOnce("events before the first start", ledger);
  const found = (await ledger.lines(running.queries)).find(({ text }) => text.endsWith(`event ${n} (3 times)`));
  const { __time_shard__, ...labels } = { ...found?.labels } as Record<string, string>;
  const level = n % 2 === 0 ? "warn" : "info";
  assert.deepEqual(labels, {
    ...{ cluster: "prod-aks-a", env: "prod", namespace: "events-first", container: "kubernetes_events" },
    ...{ service_name: "kubernetes_events", kind: "Pod", name: `pod-${n % 7}`, pod: `pod-${n % 7}`, count: "3" },
    ...{ reason: "BackOff", reporter: "kubelet", type: n % 2 === 0 ? "Warning" : "Normal" },
    ...{ level, detected_level: level },
  });
});

it("what is masked in lines is masked in events, also in the queue", { skip }, async () => {
  const ledger = await ledgerOf("masked");
  await killLoki(running);
  await ledger.plant(PLANTED_SECRETS);
  const queue = join(sender.pod.disk("storage"), "queue");
  await until("the events in the queue", async () => textInFolder(queue).includes("[masked:url-password]"));
  for (const { secret } of PLANTED_SECRETS) assert.ok(!textInFolder(queue).includes(secret));
  await startLoki(running);
  await assertEachOnce("events with secrets", ledger);
  const found = await ledger.lines(running.queries);
  const masked = found.map(({ labels }) => (labels as Record<string, string>).masked);
  assert.deepEqual(masked.sort(), PLANTED_SECRETS.map(({ rule }) => rule).sort());
});

it("the pod is killed and replaced while events come", { skip }, async () => {
  const ledger = await ledgerOf("killed");
  const done = new AbortController();
  const creating = ledger.createUntil(done.signal);
  const received = await ReceivedLines.from(running);
  for (let kills = 0; kills < 6; kills++) {
    await sleep(3_000 + kills * 700);
    // As a roll-out, and as an OOM kill.
    if (kills % 2 === 0) await stopAlloy(sender.pod);
    else await sender.pod.kill();
    await sleep(2_000);
    await sender.start();
  }
  done.abort();
  await creating;
  await assertEachOnce("events, the pod killed six times", ledger, AGAIN);
  figure("events, the pod killed six times", `Loki received ${await received.read()} entries of all kinds`);
});

it("Loki is down for three minutes, and the pod for longer than etcd keeps changes", { skip }, async () => {
  const ledger = await ledgerOf("outage");
  const done = new AbortController();
  const creating = ledger.createUntil(done.signal, 20);
  await sleep(3_000);
  await killLoki(running);
  await sleep(40_000);
  await sender.pod.kill();
  await sleep(75_000);
  await sender.start();
  await sleep(65_000);
  done.abort();
  await creating;
  await startLoki(running);
  await assertEachOnce("events, Loki down for three minutes", ledger, AGAIN);
});

it("the pod's API server is away for longer than etcd keeps changes", { skip }, async () => {
  const ledger = await ledgerOf("server");
  const done = new AbortController();
  const creating = ledger.createUntil(done.signal, 20);
  const watching = sender.watchOver(done.signal);
  await sleep(5_000);
  await sender.stopServer();
  await sleep(100_000);
  await sender.startServer();
  await sleep(20_000);
  done.abort();
  await Promise.all([creating, watching]);
  if (!sender.pod.running) await sender.start();
  await assertEachOnce("events, the API server away", ledger, AGAIN);
});

it("a flood of 10,000 events, and a start that lists them", { skip }, async () => {
  const ledger = await ledgerOf("flood");
  const began = performance.now();
  await ledger.createMany(10_000);
  const seconds = (performance.now() - began) / 1000;
  await assertEachOnce("a flood of events", ledger);
  const { cpuSeconds, peakMiB } = sender.pod.usage();
  figure(
    "a flood of events",
    `created in ${seconds.toFixed(0)} s; the pod has used ${cpuSeconds.toFixed(0)} s of CPU and at most ${peakMiB.toFixed(0)} MiB`,
  );
  await sender.pod.kill();
  await sender.start();
  await sleep(5_000);
  figure("a flood of events", `after a start: at most ${sender.pod.usage().peakMiB.toFixed(0)} MiB`);
  await assertEachOnce("a flood of events, after a start", ledger, AGAIN);
  await startLokiWithEmptyDisks(running);
  await assertEachOnce("a flood of events, from MinIO alone", ledger, AGAIN);
});
