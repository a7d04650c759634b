import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { alloyStorage, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertDelivered } from "../scenario.ts";

/** What can be wrong with a file of Alloy's storage. */
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

describe("a damaged file of Alloy's storage: Alloy starts, reports it, and loses nothing that the node's files hold", {
  skip: alloyMissing(),
}, () => {
  for (const kind of ["offsets", "queue"])
    for (const [what, damage] of Object.entries(DAMAGE))
      it(`${kind}, ${what}`, async () => {
        const running = await runningStack();
        const { alloy } = running.cluster;
        const workload = new Workload(running.podLogs, `damaged${kind}${what.replaceAll(/\W/g, "")}`);
        await sleep(6_000);
        await alloy.kill();
        const folder = join(alloyStorage(running), kind);
        for (const name of readdirSync(folder).filter((file) => !file.includes("backup"))) damage(join(folder, name));
        const begun = statSync(alloy.log).size;
        alloy.start();
        await sleep(6_000);
        const said = readFileSync(alloy.log, "utf8").slice(begun);
        const ledger = workload.stop();
        figure(`${kind}, ${what}`, alloy.running ? (alloy.ready ? "ready" : "not ready") : "ended");
        assert.ok(alloy.ready, `Alloy does not start:\n${alloy.tail(5)}`);
        if (what !== "empty") assert.match(said, /corrupt|recreat|renam|backup/i);
        await assertDelivered(`${kind}, ${what}`, running, ledger, { sentAgain: "everything" });
      });
});
