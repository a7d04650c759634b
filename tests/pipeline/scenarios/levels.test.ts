import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { type RunningStack, runningStack } from "../../harness/runningStack/runningStack.ts";

/** Lines, and the level that a reader expects. Without one, whatever Loki finds by itself is right. */
const LINES: ReadonlyArray<readonly [line: string, level?: string]> = [
  ['{"level":"error","msg":"a word"}', "error"],
  ['{"Level":"Information","Message":"of Serilog"}', "info"],
  ['{"level":"WARNING","msg":"upper case"}', "warn"],
  ['{"level":10,"msg":"pino trace"}', "trace"],
  ['{"level":20,"msg":"pino debug"}', "debug"],
  ['{"level":30,"msg":"pino info"}', "info"],
  ['{"level":40,"msg":"pino warn"}', "warn"],
  ['{"level":50,"msg":"pino error"}', "error"],
  ['{"level":60,"msg":"pino fatal"}', "fatal"],
  [' \t{"level":50,"msg":"after blanks"}', "error"],
  ["level=warn msg=logfmt", "warn"],
  ["2026-11-26 10:00:00 ERROR something broke", "error"],
  ['{"level":3,"msg":"a number of syslog"}'],
  ['{"level":{"name":"error"},"msg":"an object"}'],
  ['{"level":["warn"],"msg":"a list"}'],
  ['{"level":null,"msg":"null"}'],
  ['{"level":true,"msg":"true"}'],
  ['{"level":"","msg":"empty"}'],
  ['{"level":"err\\u006fr","msg":"an escape"}', "error"],
  ['{"level":"a \\"quoted\\" level","msg":"quotes"}'],
  ['{"severity":"ERROR","message":"of Google"}', "error"],
  ['{"lvl":"debug","msg":"short"}', "debug"],
  [`{"level":"${"x".repeat(70_000)}","msg":"70 KB"}`],
  ['{"level":"error","msg":"broken'],
  ["plain text"],
];

/** Sends the same lines to Loki without Alloy, so that only Loki finds levels. */
async function sendAlone({ stack, queries }: RunningStack, at: bigint): Promise<void> {
  const values = LINES.map(([line], n) => [String(at + BigInt(n)), line]);
  const { pathname } = new URL(stack.pushUrl);
  const response = await queries.fetch(pathname, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: { namespace: "levelsalone", container: "app" }, values }] }),
  });
  assert.ok(response.ok, await response.text());
}

/** The level of each line in a namespace. */
async function levels({ queries }: RunningStack, namespace: string, at: bigint): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const page of queries.lines(`{namespace="${namespace}"}`, at - 60_000_000_000n, at + 60_000_000_000n))
    for (const { text, labels } of page) found.set(text, labels.detected_level ?? "none");
  return found;
}

it("a line's level is the one that its application means, and never worse than what Loki finds by itself", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const at = BigInt(Date.now()) * 1_000_000n;
  const application = new Application(running.podLogs, "levels", "levels-app-0", new Ledger("levels"));
  for (const [line] of LINES) application.writeText(line);
  application.end();
  await sendAlone(running, at);
  await sleep(8_000);
  const alone = await levels(running, "levelsalone", at);
  const own = await levels(running, "levels", at);
  assert.deepEqual([own.size, alone.size], [LINES.length, LINES.length], "every line arrived");
  const table = LINES.map(([line, wanted]) => ({
    line: line.slice(0, 60),
    wanted: wanted ?? alone.get(line),
    level: own.get(line),
    ofLoki: alone.get(line),
  }));
  assert.deepEqual(
    table.filter(({ level, wanted }) => level !== wanted),
    [],
  );
});
