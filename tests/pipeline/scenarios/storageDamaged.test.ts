import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { figure } from "../../harness/figures.ts";
import type { Pod } from "../../harness/pods/pod.ts";
import { until } from "../../harness/processes.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { alloyStorage, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertDelivered } from "../scenario.ts";

/** What can be wrong with each file of Alloy's offsets or queues. */
const DAMAGE: Readonly<Record<string, (file: string) => void>> = {
  empty: (file) => truncateSync(file, 0),
  truncated: (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  zeroed: (file) => writeFileSync(file, Buffer.alloc(statSync(file).size)),
  foreign: (file) => writeFileSync(file, "positions:\n  /var/log/pods/shop/0.log: 17\n".repeat(2000)),
  random: (file) => writeFileSync(file, randomBytes(statSync(file).size)),
  "random behind its first pages": (file) => {
    const descriptor = openSync(file, "r+");
    writeSync(descriptor, randomBytes(statSync(file).size - 8192), 0, undefined, 8192);
    closeSync(descriptor);
  },
};

/** Until then, the containers have written to every queue. Alloy may end only when it first uses a damaged one. */
const READY_MS = 10_000;

/** @returns what Alloy did: it got ready and stayed so, or its container ended. */
async function outcome(alloy: Pod): Promise<"ready" | "ended"> {
  let since = Number.POSITIVE_INFINITY;
  const found = async () => {
    if (!alloy.running) return "ended";
    if (alloy.ready) since = Math.min(since, Date.now());
    return Date.now() - since > READY_MS && "ready";
  };
  return until("Alloy's start", found, { timeoutMs: 120_000 });
}

describe("damaged files of Alloy's storage: Alloy starts, or its container ends with the reason; the node's files are read", {
  skip: alloyMissing(),
}, () => {
  for (const kind of ["offsets", "queue"])
    for (const [what, damage] of Object.entries(DAMAGE))
      it(`${kind}, ${what}`, async () => {
        const running = await runningStack();
        const { alloy } = running.cluster;
        const folder = join(alloyStorage(running), kind);
        const workload = new Workload(running.podLogs, `damaged${kind}${what.replaceAll(/\W/g, "")}`);
        // Loki has what was in the queue by then: what a queue holds is lost with it.
        await alloy.kill();
        for (const name of readdirSync(folder).filter((file) => !file.includes("backup"))) damage(join(folder, name));
        const begun = statSync(alloy.log).size;
        alloy.start();
        const found = await outcome(alloy);
        figure(`${kind}, ${what}`, found);
        const said = readFileSync(alloy.log, "utf8").slice(begun);
        if (what !== "empty") assert.match(said, /Database corruption detected|invalid database|fatal error|panic/);
        if (found === "ended") {
          // A person removes both folders: the offsets may know of lines that only the queue had.
          for (const name of ["offsets", "queue"]) rmSync(join(alloyStorage(running), name), { recursive: true });
          alloy.start();
          assert.equal(await outcome(alloy), "ready", alloy.tail(5));
        }
        await assertDelivered(`${kind}, ${what}`, running, workload.stop(), { sentAgain: "everything" });
      });
});
