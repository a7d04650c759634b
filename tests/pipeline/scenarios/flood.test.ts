import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import type { Loose } from "../../harness/manifest.ts";
import { Application, Workload } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

/**
 * Production allows bursts of 2,000,000 lines and 5,000 lines per second. A busy machine does not write that many during the scenario. The
 * neighbours stay far below both limits.
 */
const LIMITS = { LOGGING_LINES_AT_ONCE: "20000", LOGGING_LINES_PER_SECOND: "1000" };

it("one pod floods: its neighbours lose nothing, and every line of it that is dropped is counted", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const { alloy } = running.cluster;
  const { env } = alloy.container;
  const production = structuredClone(env);
  const restart = async (): Promise<void> => {
    await alloy.stop();
    alloy.start();
    await running.cluster.waitUntilReady([alloy]);
  };
  for (const variable of env as Loose[])
    if (variable.name in LIMITS) variable.value = LIMITS[variable.name as keyof typeof LIMITS];
  try {
    await restart();
    const neighbours = new Workload(running.podLogs, "beside");
    const flood = new Ledger("flood");
    const application = new Application(running.podLogs, "flood-0", "flood-app-0", flood);
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 10_000; i++) application.writeShort();
      await sleep(1000);
    }
    application.end();
    await sleep(20_000);
    const metrics = await (await fetch(`http://${alloy.address}:12345/metrics`)).text();
    const dropped = [...metrics.matchAll(/^loki_process_dropped_lines_by_label_total\{(.*)\} (\S+)$/gm)];
    assert.equal(dropped.length, 1, "one file is named");
    assert.match(dropped[0]?.[1] ?? "", /label_name="filename",label_value="[^"]*flood-app-0/);
    await assertNothingLost("beside a flood", running, neighbours.stop());
    const { written, lost, twice } = await running.queries.account(flood);
    figure("flood", `${written} lines written, ${lost.length} of them not kept, ${dropped[0]?.[2]} counted as dropped`);
    assert.ok(lost.length > 0, "it was no flood, so nothing is shown");
    assert.equal(lost.length, Number(dropped[0]?.[2]));
    assert.deepEqual(twice, []);
  } finally {
    alloy.container.env = production;
    await restart();
  }
});
