import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { withAlloyArguments } from "../../harness/runningStack/alloyEnvironment.ts";
import { Application, PART_BYTES } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import {
  alloyStorage,
  killLoki,
  type RunningStack,
  runningStack,
  startLoki,
} from "../../harness/runningStack/runningStack.ts";
import { textInBucket, textInFolder } from "../../harness/runningStack/storedText.ts";
import { MASK_KINDS, PLANTED_SECRETS, type Planted } from "../../harness/secrets.ts";
import { assertNothingLost } from "../scenario.ts";

const CUSTOMER = "C-20261127";
const RULES = [
  ...MASK_KINDS.map((kind) => ({ kind, namespaces: ["masking-*"] })),
  { pattern: "C-\\d{8}", name: "customer" },
];

const PLANTED: readonly Planted[] = [
  ...PLANTED_SECRETS,
  { rule: "customer", secret: CUSTOMER, text: (s) => `order of ${s}` },
];

/** Writes every secret: in a short line, and where containerd splits a long one. */
function plant(applications: readonly Application[]): void {
  for (const { rule, secret, text } of PLANTED) {
    const replaced = text(`[masked:${rule}]`);
    for (const application of applications) {
      application.writeWithId(
        (id) => `id=${id} ${text(secret)}`,
        (id) => `id=${id} ${replaced}`,
      );
      const filler = (id: string): string => "- ".repeat(Math.ceil((PART_BYTES - id.length - secret.length) / 2));
      application.writeWithId(
        (id) => `id=${id} ${filler(id)}${text(secret)}`,
        (id) => `id=${id} ${filler(id)}${replaced}`,
      );
    }
  }
}

/** Fails if a secret is in a text. The text has to hold what replaced it, or the search would prove nothing. */
function assertMasked(where: string, text: string): void {
  for (const { rule } of PLANTED) assert.ok(text.includes(`[masked:${rule}]`), `${where} has no line with ${rule}`);
  const open = PLANTED.filter(({ secret }) => text.includes(secret));
  assert.deepEqual(
    open.map(({ rule }) => rule),
    [],
    `${where} holds secrets`,
  );
}

async function countByRule({ queries }: RunningStack, { oldest, newest }: Ledger): Promise<Record<string, number>> {
  const seconds = (newest - oldest) / 1_000_000_000n + 120n;
  const result = await queries.ask<{ metric: { masked?: string }; value: [number, string] }>("query", {
    query: `sum by (masked) (count_over_time({namespace=~"masking-.+"} | masked!="" [${seconds}s]))`,
    time: String(newest + 60_000_000_000n),
  });
  return Object.fromEntries(result.map(({ metric, value }) => [metric.masked, Number(value[1])]));
}

it("secrets are in no file: not in Alloy's queue, not in its log, not in the bucket", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  await withAlloyArguments(running, { mask: RULES }, () => scenario(running));
});

async function scenario(running: RunningStack): Promise<void> {
  const { alloy } = running.cluster;
  const ledger = new Ledger("masking");
  const applications = Array.from(
    { length: 4 },
    (_, i) => new Application(running.podLogs, `masking-${i % 2}`, `masking-app-${i}`, ledger),
  );
  await killLoki(running);
  plant(applications);
  await sleep(4_000);
  await alloy.kill();
  for (const application of applications) application.rotate();
  plant(applications);
  alloy.start();
  await sleep(10_000);
  assertMasked("Alloy's queue", textInFolder(join(alloyStorage(running), "queue")));
  await startLoki(running);
  for (const application of applications) application.end();
  await assertNothingLost("masking", running, ledger, { sentAgain: "a batch" });
  const stored = await textInBucket(running);
  figure("masking, text in the bucket", `${(stored.length / 1e6).toFixed(1)} MB`);
  assertMasked("the bucket", stored);
  const log = readFileSync(alloy.log, "utf8");
  assert.deepEqual(
    PLANTED.filter(({ secret }) => log.includes(secret)),
    [],
    "Alloy's log holds secrets",
  );
  const counted = await countByRule(running, ledger);
  const planted = Object.fromEntries(
    [...Map.groupBy(PLANTED, ({ rule }) => rule)].map(([rule, of]) => [rule, of.length * applications.length * 4]),
  );
  assert.deepEqual(counted, planted, "lines by rule");
}
