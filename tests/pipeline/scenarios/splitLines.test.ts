import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { type RunningStack, restartAlloy, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertDelivered } from "../scenario.ts";

/** Applications of one test, and their ledger. */
function applications(running: RunningStack, name: string, count = 8): { ledger: Ledger; pods: Application[] } {
  const ledger = new Ledger(name);
  const pods = Array.from(
    { length: count },
    (_, i) => new Application(running.podLogs, `${name}-0`, `${name}-app-${i}`, ledger),
  );
  return { ledger, pods };
}

/** Numbers from 0 to 1 that are the same in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe("lines that containerd splits", { skip: alloyMissing() }, () => {
  it("Alloy killed between the parts", async () => {
    const running = await runningStack();
    const { alloy } = running.cluster;
    const { ledger, pods } = applications(running, "betweenkill");
    for (let round = 0; round < 4; round++) {
      const rest = pods.map((pod) => pod.begin());
      await sleep(200 * round);
      await alloy.kill();
      for (const finish of rest) finish();
      for (const pod of pods) pod.write();
      alloy.start();
      await sleep(4_000);
    }
    // Every line is written in the second of a kill, so each may be sent again.
    await assertDelivered("killed between parts", running, ledger, { sentAgain: "everything" });
  });

  it("Alloy replaced between the parts", async () => {
    const running = await runningStack();
    const { ledger, pods } = applications(running, "betweenstop");
    const rest = pods.map((pod) => pod.begin());
    const replaced = restartAlloy(running);
    await sleep(200);
    for (const finish of rest) finish();
    await replaced;
    await assertDelivered("replaced between parts", running, ledger, { sentAgain: "everything" });
  });

  it("lines of the other stream between the parts, at any pace", async () => {
    const running = await runningStack();
    const { ledger, pods } = applications(running, "interrupted");
    const next = random(14);
    for (let n = 0; n < 60; n++) {
      const rest = pods.map((pod, i) => {
        // A container has long lines on one stream only.
        const [stream, other] = i % 2 === 0 ? (["stdout", "stderr"] as const) : (["stderr", "stdout"] as const);
        const finish = pod.begin({ stream });
        for (let times = Math.floor(next() * 4); times > 0; times--)
          pod.write({ stream: other, text: (id) => `id=${id} between the parts` });
        return finish;
      });
      await sleep(next() * 200);
      for (const finish of rest) finish();
    }
    await assertDelivered("interrupted", running, ledger);
  });

  it("the last words of a container that crashed: no newline", async () => {
    const running = await runningStack();
    const { ledger, pods } = applications(running, "lastwords");
    for (const [i, pod] of pods.entries()) {
      pod.write();
      if (i % 2 === 0) pod.write({ stream: "stdout", text: (id) => `id=${id} going down` });
      pod.lastWords((id) => `id=${id} panic: ${"out of memory ".repeat(i * 400)}`, i % 4 < 2 ? "stderr" : "stdout");
      pod.end();
    }
    await assertDelivered("last words", running, ledger);
  });

  it("the last words of containers whose files the kubelet removes two seconds later", async () => {
    const running = await runningStack();
    const { ledger, pods } = applications(running, "removedwords");
    for (const pod of pods) {
      pod.write();
      pod.lastWords((id) => `id=${id} panic: out of memory`);
      // Alloy looks at the files at other moments of each pod's end.
      setTimeout(() => pod.delete(), 2_200);
      await sleep(130);
    }
    await sleep(2_500);
    await assertDelivered("last words, files removed", running, ledger);
  });

  it("a writer that pauses between the parts", async () => {
    const running = await runningStack();
    const { ledger, pods } = applications(running, "slow");
    for (let round = 0; round < 5; round++) {
      const rest = pods.map((pod) => pod.begin());
      await sleep(150 * round);
      for (const finish of rest) finish();
    }
    const rest = pods.map((pod) => pod.begin());
    await sleep(5_000);
    for (const finish of rest) finish({ late: true });
    await assertDelivered("slow writers", running, ledger);
  });
});
