import { setTimeout as sleep } from "node:timers/promises";
import { EventLedger } from "../harness/runningStack/eventLedger.ts";
import { EventSender, eventsMissing } from "../harness/runningStack/eventSender.ts";
import { journalMissing, journalPod, NodeJournal } from "../harness/runningStack/nodeJournal.ts";
import { alloyMissing } from "../harness/runningStack/requirements.ts";
import type { RunningStack } from "../harness/runningStack/runningStack.ts";

const UNIT = "kubelet.service";

/** Starts what is off by default, the Kubernetes events and the node's journal, and prints how to see them. */
export async function showCluster(running: RunningStack): Promise<void> {
  const shown = [showEvents(running), showJournal(running)];
  for (const result of await Promise.allSettled(shown))
    if (result.status === "rejected") console.log(`\n  ${result.reason}`);
}

async function showEvents(running: RunningStack): Promise<void> {
  const missing = eventsMissing();
  if (missing) return console.log(`\n  no Kubernetes events: ${missing}`);
  const sender = await EventSender.make(running);
  const ledger = new EventLedger(sender.api, "shop-1");
  await ledger.createNamespace();
  await ledger.createMany(3);
  await sender.start();
  console.log(`\n  Kubernetes events  {container="kubernetes_events"}`);
}

async function showJournal(running: RunningStack): Promise<void> {
  const missing = alloyMissing() || journalMissing();
  if (missing) return console.log(`\n  no journal of the node: ${missing}`);
  const journal = NodeJournal.of(running, 0);
  journal.write(UNIT, 3);
  const pod = await journalPod(running, 0, [UNIT]);
  pod.start();
  while (!pod.ready && pod.running) await sleep(500);
  console.log(
    pod.running ? `\n  the node's journal  {container="${UNIT}"}` : `\n  no journal of the node:\n${pod.tail(3)}`,
  );
}
