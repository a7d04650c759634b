import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { MultilineKind } from "../../../components/alloy/recordStarts.ts";
import { withAlloyArguments } from "../../harness/runningStack/alloyEnvironment.ts";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { killLoki, type RunningStack, runningStack, startLoki } from "../../harness/runningStack/runningStack.ts";
import { STACK_TRACES } from "../../harness/stackTraces.ts";
import { assertNothingLost } from "../scenario.ts";

const KINDS = Object.keys(STACK_TRACES) as MultilineKind[];

const RULES = [
  ...KINDS.map((kind) => ({ namespaces: [`multiline-${kind}`], containers: ["app"], kind })),
  { namespaces: ["multiline-first-*"], firstLine: "^(?:id=|\\{)" },
];

it("entries of several lines are whole and ordinary lines are left alone, through kills, rotations and an outage", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  await withAlloyArguments(running, { multiline: RULES }, () => scenario(running));
});

async function scenario(running: RunningStack): Promise<void> {
  const { alloy } = running.cluster;
  const ledger = new Ledger("multiline");
  const pod = (name: string): Application =>
    new Application(running.podLogs, `multiline-${name}`, `${name}-app`, ledger);
  const traces = [...KINDS.map((kind) => [pod(kind), kind] as const), [pod("first-1"), "java"] as const];
  // Without a rule, each line is an entry.
  const plain = pod("plain");
  for (let round = 0; round < 16; round++) {
    const rest = traces.map(([application, kind], i) => {
      for (let n = 0; n < 5; n++) application.write();
      application.write({ long: round % 4 === 0 });
      return application.beginEntry(
        (id) => `${STACK_TRACES[kind](`id=${id} failed`)} ${id}`,
        (round + i) % 2 === 0 ? "stdout" : "stderr",
      );
    });
    for (let n = 0; n < 5; n++) plain.write();
    plain.writeWithId((id) => `id=${id} before`);
    if (round === 9) await killLoki(running);
    if (round % 3 === 1) {
      await sleep(50 * round);
      await alloy.kill();
      alloy.start();
    }
    for (const finish of rest) finish({ rotated: round % 5 === 4 });
    await sleep(2_500);
    if (round === 12) await startLoki(running);
  }
  // Stack traces as the last words of containers whose files the kubelet removes soon after. Alloy looks at them at other moments of each end.
  await running.queries.untilDelivered(ledger);
  for (const [application, kind] of traces) {
    application.writeWithId((id) => `${STACK_TRACES[kind](`id=${id} failed`)} ${id}`);
    setTimeout(() => application.delete(), 2_200);
    await sleep(130);
  }
  await sleep(2_500);
  plain.end();
  await assertNothingLost("multiline", running, ledger, { sentAgain: "everything" });
}
