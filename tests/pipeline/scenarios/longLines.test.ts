import assert from "node:assert/strict";
import { it } from "node:test";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";

/** Loki's `max_line_size`. */
const LIMIT = 256 * 1024;

it("a line larger than Loki takes is cut, not lost, and takes none of its neighbours with it", async () => {
  const running = await runningStack();
  const ledger = new Ledger("long");
  const application = new Application(running.podLogs, "long-0", "long-app-0", ledger);
  const marked = `too long ${"x".repeat(LIMIT)} end`;
  for (let n = 0; n < 50; n++) application.write();
  application.writeText(marked);
  for (let n = 0; n < 50; n++) application.write();
  application.end();
  await running.queries.untilDelivered(ledger);
  const account = await running.queries.account(ledger);
  assert.deepEqual([account.lost, account.twice], [[], []]);
  const found: string[] = [];
  for await (const page of running.queries.lines(
    '{namespace="long-0"} |= "too long"',
    ledger.oldest,
    ledger.newest + 1n,
  ))
    found.push(...page.map(({ text }) => text));
  assert.equal(found.length, 1, "the long line is there");
  assert.ok(
    (found[0]?.length ?? 0) <= LIMIT && (found[0]?.length ?? 0) > LIMIT / 2,
    `${found[0]?.length} characters of it`,
  );
  assert.ok(marked.startsWith(found[0]?.slice(0, 1000) ?? "?"));
});
