// What `npm run local -- --break` breaks, and the alerts that follow.
import { setTimeout as sleep } from "node:timers/promises";
import type { ActiveAlert, AlertWatch } from "../harness/alerts/alertWatch.ts";
import { FASTER } from "../harness/alerts/fasterRules.ts";
import { until } from "../harness/processes.ts";
import { flushWriters, type RunningStack } from "../harness/runningStack/runningStack.ts";
import type { Part } from "./localArguments.ts";

interface Break {
  /** What a person at the terminal reads. */
  readonly text: string;
  readonly run: (running: RunningStack) => Promise<void>;
}

/** Writers try again after up to a minute. With one flush, Prometheus's shorter ranges would fall between two tries. */
const FLUSH_EVERY_MS = 20_000;

const BREAKS = {
  writer: {
    text: "killed loki-write-0: one of three writers is lost",
    run: async ({ cluster }) => cluster.component("write")[0]?.kill(),
  },
  minio: {
    text: "killed MinIO; the writers are asked to flush again and again, as they do when chunks are full",
    run: async ({ cluster, store }) => {
      await store.kill();
      await flushWriters(cluster);
      setInterval(() => void flushWriters(cluster).catch(() => {}), FLUSH_EVERY_MS).unref();
    },
  },
  alloy: {
    text: "killed Alloy: nobody reads the node's files",
    run: ({ cluster }) => cluster.alloy.kill(),
  },
} as const satisfies Record<Part, Break>;

/** Breaks a part when no alert is left from the start, and prints each alert that follows, until `ended`. */
export async function breakAndWatch(
  running: RunningStack,
  watch: AlertWatch,
  name: Part,
  ended: Promise<unknown>,
): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const quiet = async (): Promise<boolean> => over || (await watch.active()).length === 0;
  await until("no alert before the break", quiet, { timeoutMs: 300_000, everyMs: 1000 });
  if (over) return;
  await BREAKS[name].run(running);
  const broken = performance.now();
  console.log(
    `\n${BREAKS[name].text}. Prometheus's times are ${FASTER} times shorter here than in a cluster; Loki's and the canary's are not.\n`,
  );
  let before = new Map<string, ActiveAlert>();
  while (!over) {
    const now = new Map((await watch.active()).map((alert) => [keyOf(alert), alert]));
    const seconds = (performance.now() - broken) / 1000;
    for (const line of changes(before, now)) console.log(`${seconds.toFixed(0).padStart(5)} s  ${line}`);
    before = now;
    await Promise.race([sleep(1000), ended]);
  }
}

const keyOf = ({ name, labels }: ActiveAlert): string => `${name} ${JSON.stringify(labels)}`;

/** What has changed between two looks, one line for each alert. */
function changes(before: ReadonlyMap<string, ActiveAlert>, now: ReadonlyMap<string, ActiveAlert>): string[] {
  const appeared = [...now].filter(([key, { state }]) => before.get(key)?.state !== state);
  const gone = [...before].filter(([key]) => !now.has(key));
  return [
    ...appeared.map(([, alert]) =>
      alert.state === "firing" ? firing(alert) : `waits   ${alert.name}${ofText(alert)}${forText(alert)}`,
    ),
    ...gone.map(([, alert]) => `${alert.state === "firing" ? "ends  " : "passed"}  ${alert.name}${ofText(alert)}`),
  ];
}

const firing = ({ name, labels, summary, runbook }: ActiveAlert): string =>
  `FIRES   ${name} (${labels.severity})\n         ${summary}\n         ${runbook}`;

/** What tells alerts of one name apart, from the most specific label. */
const TELLING = ["pod", "node", "component", "container", "route", "reason", "operation", "name", "secret"];

const ofText = ({ labels }: ActiveAlert): string => {
  const label = TELLING.find((key) => labels[key]);
  return label ? ` of ${labels[label]}` : "";
};

const forText = ({ forMinutes }: ActiveAlert): string =>
  forMinutes > 0 ? `, for ${(forMinutes * 60) / FASTER} s here, ${forMinutes} min in a cluster` : "";
