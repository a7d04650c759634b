import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { figure } from "../../harness/figures.ts";
import { until } from "../../harness/processes.ts";
import { eventsMissing } from "../../harness/runningStack/eventSender.ts";
import { outsideEnvironment } from "../../harness/runningStack/namespaces.ts";
import { journalMissing } from "../../harness/runningStack/nodeJournal.ts";
import { alertsMissing } from "../../harness/runningStack/requirements.ts";

/** Limit of the start and of what follows the break. */
const LIMIT_MS = 300_000;

it("npm run local -- --break writer prints where the alerts are, and which one fires", {
  skip: alertsMissing(),
}, async () => {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  const command = resolve(import.meta.dirname, "../local.ts");
  const child = spawn(process.execPath, [command, "--break", "writer"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: outsideEnvironment(),
    // Ctrl-C at a terminal reaches all processes of its group.
    detached: true,
  });
  const interrupt = (signal: NodeJS.Signals) => process.kill(-(child.pid as number), signal);
  const ended = once(child, "exit");
  void sleep(LIMIT_MS, undefined, { ref: false }).then(() => interrupt("SIGTERM"));
  let output = "";
  let interrupted = false;
  for await (const chunk of child.stdout) {
    output += chunk;
    // Once: a second one would end it at once.
    if (!interrupted && /FIRES .*LoggingPartDown.*runbooks/s.test(output)) {
      interrupted = true;
      // The command listens outside of its namespaces, here.
      const address = /alerts {2}(http:\S+)\/alerts/.exec(output)?.[1];
      await until("Prometheus at the address that it prints", async () => (await fetch(`${address}/-/ready`)).ok);
      interrupt("SIGINT");
    }
  }
  const [code] = await ended;
  console.log(output);
  assert.equal(code, 0);
  assert.match(output, /"order failed"\n.*\n *java\.lang\.IllegalStateException: no stock\n *\tat com\.example/);
  assert.match(output, /paid with \[masked:card\]/);
  assert.match(
    output,
    eventsMissing()
      ? /no Kubernetes events: \S/
      : /\{container="kubernetes_events"\}\n {4}shop-1 {2}BackOff Pod pod-\d/,
  );
  assert.match(
    output,
    journalMissing() ? /no journal of the node: \S/ : /\n {4}aks-apps-\S+ {2}entry 3 of kubelet\.service/,
  );
  assert.match(output, /alerts {2}http:\/\/127\.0\.0\.1:\d+\/alerts/);
  assert.match(output, /killed loki-write-0: one of three writers is lost\. Prometheus's times are 10 times shorter/);
  const [, seconds] =
    /^ *(\d+) s {2}FIRES {3}LoggingPartDown \(critical\)\n +loki-write-0 does not answer/m.exec(output) ?? [];
  assert.ok(seconds, output);
  figure("npm run local -- --break writer", `LoggingPartDown fires after ${seconds} s`);
});
