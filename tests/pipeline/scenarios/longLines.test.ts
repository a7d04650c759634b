import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { it } from "node:test";
import { figure } from "../../harness/figures.ts";
import { until } from "../../harness/processes.ts";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { counter } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { type RunningStack, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertDelivered } from "../scenario.ts";

/** Loki's `max_line_size`. */
const LIMIT = 256 * 1024;

/** Writes one long line between others. @returns the entries that Loki has of the long line. */
async function between(running: RunningStack, name: string, text: string): Promise<string[]> {
  const ledger = new Ledger(name);
  const application = new Application(running.podLogs, `${name}-0`, `${name}-app-0`, ledger);
  // A namespace that the account does not look at.
  const long = new Application(running.podLogs, `very${name}-0`, `${name}-app-1`, new Ledger(`very${name}`));
  for (let n = 0; n < 50; n++) {
    application.write();
    long.writeText(`before ${n}`);
  }
  long.writeText(text);
  for (let n = 0; n < 50; n++) {
    application.write();
    long.writeText(`after ${n}`);
  }
  for (const pod of [application, long]) pod.end();
  await assertDelivered(`beside ${name} lines`, running, ledger);
  return until("the lines around the long one", async () => {
    const found: string[] = [];
    const selector = `{namespace="very${name}-0"}`;
    for await (const page of running.queries.lines(selector, ledger.oldest, ledger.newest + 60_000_000_000n))
      found.push(...page.map((line) => line.text));
    const longOnes = found.filter((line) => !/^(before|after) \d+$/.test(line));
    return found.length - longOnes.length === 100 && longOnes;
  });
}

it("a line larger than Loki takes is cut, not lost, and takes none of its neighbours with it", async () => {
  const running = await runningStack();
  const text = `too long ${"x".repeat(LIMIT)} end`;
  const [found = "", ...more] = await between(running, "long", text);
  assert.deepEqual(more, [], "one entry");
  assert.ok(found.length <= LIMIT && found.length > LIMIT / 2, `${found.length} characters of it`);
  assert.ok(text.startsWith(found.slice(0, 1000)));
});

it("a line of 6 MB that does not compress: its beginning is there, and nothing is refused", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const failed = (): Promise<number> =>
    counter(running.cluster.alloy.address, 8888, "otelcol_exporter_send_failed_log_records(?:_total)?");
  const before = await failed();
  const text = `huge ${randomBytes(4.5 * 2 ** 20).toString("base64")}`;
  const found = await between(running, "huge", text);
  figure("a line of 6 MB", `${found.length} entries with ${found.join("").length} of ${text.length} characters`);
  assert.ok(found.some((entry) => entry.length > LIMIT / 2 && text.startsWith(entry)));
  assert.equal(await failed(), before, "entries that were refused");
});
