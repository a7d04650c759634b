import { until } from "../harness/processes.ts";
import { EventLedger } from "../harness/runningStack/eventLedger.ts";
import { EventSender, eventsMissing } from "../harness/runningStack/eventSender.ts";
import { journalMissing, journalPod, NodeJournal } from "../harness/runningStack/nodeJournal.ts";
import { alloyMissing } from "../harness/runningStack/requirements.ts";
import type { RunningStack } from "../harness/runningStack/runningStack.ts";
import { printExample } from "./printedExamples.ts";

const UNIT = "kubelet.service";

/** Starts what is off by default, the Kubernetes events and the node's journal, and prints what arrives of them. */
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
  await printExample(running.queries, ["Kubernetes events", '{container="kubernetes_events"}', "query_range"]);
}

async function showJournal(running: RunningStack): Promise<void> {
  const missing = alloyMissing() || journalMissing();
  if (missing) return console.log(`\n  no journal of the node: ${missing}`);
  const journal = NodeJournal.of(running, 0);
  journal.write(UNIT, 3);
  const pod = await journalPod(running, 0, [UNIT]);
  pod.start();
  await until("the journal's container", async () => pod.ready || !pod.running);
  if (!pod.running) return console.log(`\n  no journal of the node:\n${pod.tail(3)}`);
  await printExample(running.queries, ["the node's journal", `{container="${UNIT}"}`, "query_range"]);
}
