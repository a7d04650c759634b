// The alerts read metrics by their names. Here are the programs in their pinned versions: what they do not report, no alert can see.
import assert from "node:assert/strict";
import { before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { canaryCounts } from "../../../automation/verify/canaryMetrics.ts";
import type { ResolvedArgs } from "../../../components/args.ts";
import type { Alert } from "../../../components/monitoring/alerts/alert.ts";
import { alertGroups } from "../../../components/monitoring/alerts/pack.ts";
import { podMonitorSpecs } from "../../../components/monitoring/podMonitors.ts";
import { LONGEST_SECONDS } from "../../../components/monitoring/thresholds.ts";
import { panelQueries } from "../../harness/dashboards.ts";
import { PROMETHEUS_ACCEPTS, type ReportedSeries, reportedSeries } from "../../harness/metricsText.ts";
import { load, stackFile } from "../../harness/plannedStack.ts";
import type { Pod } from "../../harness/pods/pod.ts";
import { until } from "../../harness/processes.ts";
import { parseExpression } from "../../harness/promql.ts";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { flushWriters, type RunningStack, runningStack } from "../../harness/runningStack/runningStack.ts";

const EIGHT_DAYS = 8n * 24n * 3_600_000_000_000n;

/** Metrics of programs that are not part of the stack, or of other scenarios. */
const OF_OTHERS: ReadonlyArray<readonly [metric: RegExp, program: string]> = [
  [/^up$/, "Prometheus itself"],
  [/^kube_/, "kube-state-metrics"],
  [/^minio_bucket_usage_total_bytes$/, "MinIO, which asks for a token"],
  [/^otelcol_exporter_enqueue_failed_log_records$/, "Alloy, in the scenario storageFull: it appears with a full disk"],
];

/** Labels that the PodMonitor and Prometheus's discovery give every series. */
const OF_TARGETS = ["cluster", "node", "component", "namespace", "pod", "container"];

/** Refusals and failures that this scenario does not cause. */
const NOT_CAUSED = ["rate_limited", "per_stream_rate_limit", "stream_limit", "5.."];

let running: RunningStack;
let resolved: ResolvedArgs;
let alerts: Alert[];
let series: ReportedSeries[];

/** The address that a PodMonitor would scrape, by the name of its port. */
function scraped(pod: Pod): string | undefined {
  const release = pod.labels["app.kubernetes.io/instance"] ?? "";
  const specs = podMonitorSpecs(resolved, { scrapeSeconds: 30 } as never);
  const port = specs[release]?.podMetricsEndpoints[0]?.port;
  const own = pod.container.ports?.find(({ name }: { name: string }) => name === port);
  return own && `http://${pod.address}:${own.containerPort}/metrics`;
}

async function metricsOf(pod: Pod): Promise<string> {
  const address = scraped(pod);
  assert.ok(address, pod.name);
  const response = await fetch(address, { headers: { accept: PROMETHEUS_ACCEPTS } });
  assert.equal(response.status, 200, address);
  return response.text();
}

/** Requests and refusals that happen rarely, so that their metrics exist. */
async function causeRareMetrics(): Promise<void> {
  const late = new Application(running.podLogs, "metrics-1", "late-1", new Ledger("metrics"));
  // Older than Loki takes: it refuses the line, and Alloy drops it.
  for (let i = 0; i < 5; i++) late.write({ ago: EIGHT_DAYS });
  await flushWriters(running.cluster);
  await running.queries.ask("query_range", { query: '{namespace="logging"}', limit: "1" });
  await running.queries.ask("query", { query: 'sum(count_over_time({namespace="logging"}[1m]))' });
  const dropped = async () => (await metricsOf(running.cluster.alloy)).includes("send_failed_log_records");
  await until("Alloy drops the old lines", dropped, { timeoutMs: 60_000 });
}

before(async () => {
  running = await runningStack();
  ({ resolved } = await load(
    stackFile((c) => {
      c.monitoring = { kind: "prometheusOperator", thresholds: { bucketGiB: 100 } };
    }),
  ));
  assert.ok(resolved.monitoring.kind !== "none");
  alerts = alertGroups(resolved, resolved.monitoring).flatMap((group) => group.alerts);
});

const skip = alloyMissing();

it("the canary reads its lines back: through Alloy, and through the gateway with the readers' login", {
  skip,
}, async () => {
  const [canary] = running.cluster.component("canary");
  assert.ok(canary);
  const counts = async () => canaryCounts(await metricsOf(canary));
  await until("ten lines of the canary", async () => (await counts()).found >= 10, { timeoutMs: 120_000 });
  assert.equal((await counts()).missing, 0);
});

it("every metric and label in every alert and panel is reported by the programs that run here, or by a named other program", {
  skip,
}, async () => {
  await causeRareMetrics();
  const targets = running.cluster.pods.filter(scraped);
  const kinds = new Set(targets.map((pod) => pod.labels["app.kubernetes.io/component"] ?? "alloy"));
  assert.deepEqual([...kinds].sort(), ["alloy", "backend", "canary", "read", "write"]);
  const panels = panelQueries(resolved).filter(({ language }) => language === "prometheus");
  const read = [...alerts, ...panels.map(({ panel, expression }) => ({ name: panel, expression }))];
  // Some appear with the first event that they count, so they are asked for again.
  let missing: string[] = [];
  for (const end = Date.now() + 60_000; ; await sleep(5_000)) {
    series = (await Promise.all(targets.map(metricsOf))).flatMap(reportedSeries);
    missing = read.flatMap(({ name, expression }) => missingIn(expression).map((what) => `${name}: ${what}`));
    if (missing.length === 0 || Date.now() > end) break;
  }
  assert.deepEqual(missing, []);
});

/** What an expression reads and no program reports. */
function missingIn(expression: string): string[] {
  const missing: string[] = [];
  const { selectors, groupedBy } = parseExpression(expression);
  for (const { metric, matchers } of selectors) {
    if (OF_OTHERS.some(([other]) => other.test(metric))) continue;
    const found = series.filter((one) => one.metric === metric);
    if (found.length === 0) missing.push(metric);
    for (const { label, operator, value } of matchers.filter((matcher) => !OF_TARGETS.includes(matcher.label))) {
      const values = new Set(found.flatMap(({ labels }) => labels[label] ?? []));
      if (values.size === 0) missing.push(`${metric} has no label ${label}`);
      // Each alternative of a positive condition has to occur, or it selects nothing.
      const alternatives = operator === "=" ? [value] : operator === "=~" ? value.split("|") : [];
      for (const alternative of alternatives.filter((text) => !NOT_CAUSED.includes(text)))
        if (![...values].some((text) => new RegExp(`^(?:${alternative})$`).test(text)))
          missing.push(`${metric} has no ${label}="${alternative}"`);
    }
    const own = groupedBy.filter((label) => label !== "le" && !OF_TARGETS.includes(label));
    for (const label of own)
      if (!found.some(({ labels }) => label in labels)) missing.push(`${metric} has no label ${label}`);
  }
  return missing;
}

it("the histograms tell times apart up to what the thresholds allow: no quantile exceeds it, so a longer time would never alert", {
  skip,
}, () => {
  const longest = (metric: string): number =>
    Math.max(
      ...series
        .filter((one) => one.metric === `${metric}_bucket` && one.labels.le !== "+Inf")
        .map(({ labels }) => Number(labels.le)),
    );
  assert.deepEqual(
    {
      requests: longest("loki_request_duration_seconds"),
      objectStore: longest("loki_s3_request_duration_seconds"),
      canary: longest("loki_canary_response_latency_seconds"),
    },
    LONGEST_SECONDS,
  );
  // The defaults are thresholds too, and no other histogram is compared with one.
  const quantiles = alerts.filter(({ expression }) => expression.includes("histogram_quantile"));
  for (const { name, expression } of quantiles) {
    const [, metric = "", threshold] = /(\w+)_bucket\{.* > ([\d.]+)$/.exec(expression) ?? [];
    assert.ok(Number(threshold) < longest(metric), `${name}: ${expression}`);
  }
  assert.equal(quantiles.length, 4);
});

it("a renamed metric would be found", { skip }, () => {
  assert.ok(!series.some(({ metric }) => metric === "loki_ingester_chunks_flush_failed_total"));
  assert.ok(series.some(({ metric }) => metric === "loki_ingester_chunks_flush_failures_total"));
});
