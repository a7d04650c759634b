import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { ReceivedLines } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("pods that live for four seconds: every line, when the folder is there for ten seconds after", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const received = await ReceivedLines.from(running);
  const ledger = new Ledger("short");
  const gone: Array<Promise<void>> = [];
  for (let i = 0; i < 24; i++) {
    const application = new Application(running.podLogs, `short-${i % 4}`, `short-job-${i}`, ledger);
    gone.push(
      (async () => {
        for (let n = 0; n < 200; n++) {
          application.write();
          await sleep(20);
        }
        await sleep(10_000);
        application.delete();
      })(),
    );
    await sleep(1000);
  }
  await Promise.all(gone);
  await assertNothingLost("pods of four seconds", running, ledger, { received });
});
