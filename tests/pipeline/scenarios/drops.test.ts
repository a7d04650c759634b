import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { withAlloyArguments } from "../../harness/runningStack/alloyEnvironment.ts";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { counter } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, type RunningStack, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

const SAMPLE = 0.2;
const RULES = [
  { namespaces: ["drops-a", "gone-a"], belowLevel: "info" },
  { namespaces: ["drops-*", "gone-*"], pattern: "GET /health" },
  { namespaces: ["gone-b"], pattern: "chatter", sample: SAMPLE },
];

it("what the rules name is dropped and counted, and nothing else, through kills, rotations and an outage", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  await withAlloyArguments(running, { drop: RULES, exclude: ["left-*"] }, () => scenario(running));
});

async function scenario(running: RunningStack): Promise<void> {
  const { alloy } = running.cluster;
  const [kept, dropped, excluded] = [new Ledger("drops"), new Ledger("gone"), new Ledger("left")];
  const pods = ["a", "b", "c"].map((name) => ({
    kept: new Application(running.podLogs, `drops-${name}`, `kept-${name}`, kept),
    dropped: new Application(running.podLogs, `gone-${name}`, `dropped-${name}`, dropped),
  }));
  const left = new Application(running.podLogs, "left-1", "left-1-app", excluded);
  let sampled = 0;
  let counted = 0;
  for (let round = 0; round < 60; round++) {
    for (const { kept, dropped } of pods) {
      kept.write();
      kept.writeWithId((id) => `{"id":"${id}","level":"info","msg":"stays"}`);
      dropped.writeWithId((id) => `{"id":"${id}","level":"debug","msg":"GET /health"}`);
    }
    pods[0]?.dropped.writeWithId((id) => `{"id":"${id}","level":"debug","msg":"details"}`);
    for (let n = 0; n < 20; n++, sampled++) pods[1]?.dropped.writeWithId((id) => `id=${id} chatter`);
    left.write();
    if (round % 20 === 10) {
      counted += await filtered(alloy.address);
      await alloy.kill();
      for (const { kept, dropped } of pods) for (const pod of [kept, dropped]) pod.rotate();
      alloy.start();
    }
    if (round === 44) {
      // So that no batch is on its way: Loki would get it twice.
      await running.queries.untilDelivered(kept);
      await killLoki(running);
    }
    await sleep(500);
    if (round === 55) await startLoki(running);
  }
  for (const { kept, dropped } of pods) for (const pod of [kept, dropped]) pod.end();
  // Of lines that are kept by chance, nobody knows how many have to arrive: this waits for empty queues.
  await assertNothingLost("drops", running, kept, { sentAgain: "a batch" });
  const [from, to] = [kept.oldest - 60_000_000_000n, kept.newest + 60_000_000_000n];
  const count = (selector: string): Promise<number> => running.queries.count(selector, from, to);
  const chatter = await count('{namespace="gone-b"} |= "chatter"');
  assert.equal(await count('{namespace=~"gone-.+"}'), chatter);
  assert.equal(await count('{namespace=~"left-.+"}'), 0);
  figure("drops, share of the sample that was kept", (chatter / sampled).toFixed(3));
  assert.ok(Math.abs(chatter / sampled - SAMPLE) < 0.05, `${chatter} of ${sampled}`);
  counted += await filtered(alloy.address);
  const gone = dropped.lines.size - chatter;
  figure("drops", `${gone} lines dropped, ${counted} counted; a kill reads lines again`);
  assert.ok(counted >= gone * 0.9, `${counted} counted of ${gone}`);
}

/** How many lines Alloy has dropped since it started. */
const filtered = (address: string): Promise<number> =>
  counter(address, 8888, "otelcol_processor_filter_logs_filtered(?:_total)?");
