// A panel without data looks like a platform without lines. Every query of every dashboard returns something from the real programs.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ResolvedArgs } from "../../../components/args.ts";
import { AlertWatch, PROMETHEUS_URL } from "../../harness/alerts/alertWatch.ts";
import { choiceQueries, panelQueries } from "../../harness/dashboards.ts";
import { figure } from "../../harness/figures.ts";
import { load, stackFile } from "../../harness/plannedStack.ts";
import { until } from "../../harness/processes.ts";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alertsMissing } from "../../harness/runningStack/requirements.ts";
import { type RunningStack, runningStack } from "../../harness/runningStack/runningStack.ts";

const skip = alertsMissing();

let running: RunningStack;
let resolved: ResolvedArgs;
let watch: AlertWatch | undefined;

/** An application that logs a line and a fault each second. */
function keepLogging(): NodeJS.Timeout {
  const application = new Application(running.podLogs, "panels-1", "app-1", new Ledger("panels"));
  return setInterval(() => {
    application.write();
    application.write({ text: (id) => JSON.stringify({ level: "error", msg: `no answer ${id}` }) });
  }, 1000).unref();
}

/** Flushes and searches, so that every part has something to do. */
async function useEverything({ cluster, queries }: RunningStack): Promise<void> {
  const writers = cluster.component("write");
  await Promise.all(writers.map((pod) => fetch(`http://${pod.address}:3100/flush`, { method: "POST" })));
  await queries.ask("query_range", { query: '{namespace="panels-1"} |= "answer"', limit: "5" });
  await queries.ask("query", { query: 'sum(count_over_time({namespace="panels-1"}[5m]))' });
}

/** The samples or lines of an answer in Prometheus's form, which Loki's has too. */
const sizeOf = ({ data }: { data: { result: ReadonlyArray<{ values?: unknown[] }> } }): number =>
  data.result.reduce((sum, { values }) => sum + (values?.length ?? 1), 0);

const seconds = (ago = 0): string => String(Date.now() / 1000 - ago);

async function fromPrometheus(expression: string, instant: boolean): Promise<number> {
  const parameters: Record<string, string> = instant
    ? { query: expression, time: seconds() }
    : { query: expression, start: seconds(60), end: seconds(), step: "5" };
  const path = instant ? "query" : "query_range";
  const answer = await fetch(`${PROMETHEUS_URL}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  assert.equal(answer.status, 200, expression);
  return sizeOf((await answer.json()) as Parameters<typeof sizeOf>[0]);
}

async function fromLoki(expression: string, instant: boolean): Promise<number> {
  const parameters: Record<string, string> = instant
    ? { query: expression, time: seconds() }
    : { query: expression, start: seconds(300), end: seconds(), step: "5" };
  const path = instant ? "query" : "query_range";
  const answer = await running.queries.fetch(`/loki/api/v1/${path}?${new URLSearchParams(parameters)}`);
  assert.equal(answer.status, 200, `${expression}: ${await answer.clone().text()}`);
  return sizeOf((await answer.json()) as Parameters<typeof sizeOf>[0]);
}

describe("Grafana's dashboards", { skip }, () => {
  let logging: NodeJS.Timeout | undefined;

  before(async () => {
    running = await runningStack();
    ({ resolved } = await load(stackFile()));
    logging = keepLogging();
    watch = await AlertWatch.start(running);
  });

  after(async () => {
    clearInterval(logging);
    await watch?.stop();
  });

  it("every panel has data", { timeout: 300_000 }, async () => {
    let empty: string[] = [];
    const all = async (): Promise<boolean> => {
      await useEverything(running);
      const found = await Promise.all(
        panelQueries(resolved).map(async ({ panel, language, expression, instant }) => {
          const size = await (language === "loki" ? fromLoki : fromPrometheus)(expression, instant);
          return size > 0 ? [] : [`${panel}: ${expression}`];
        }),
      );
      empty = found.flat();
      return empty.length === 0;
    };
    // A rate needs two scrapes, and the writers' ring half a minute.
    await until("data in every panel", all, { timeoutMs: 180_000, everyMs: 5000 }).catch(() =>
      assert.deepEqual(empty, []),
    );
    figure("dashboards", `${panelQueries(resolved).length} queries of panels have data`);
  });

  it("every list has something to choose from", async () => {
    for (const { choice, language, label, selector } of choiceQueries(resolved)) {
      const path = `/api/v1/label/${label}/values`;
      const answer =
        language === "loki"
          ? await running.queries.fetch(`/loki${path}?${new URLSearchParams(selector ? { query: selector } : {})}`)
          : await fetch(`${PROMETHEUS_URL}${path}?${new URLSearchParams({ "match[]": selector })}`);
      const { data } = (await answer.json()) as { data: string[] };
      assert.ok(data.length > 0, choice);
      if (label === "cluster") assert.deepEqual(data, [resolved.cluster.name], choice);
    }
  });
});
