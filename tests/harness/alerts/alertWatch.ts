import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { alertGroups } from "../../../components/monitoring/alerts/pack.ts";
import { podMonitorSpecs } from "../../../components/monitoring/podMonitors.ts";
import { prometheusRuleSpec } from "../../../components/monitoring/rules.ts";
import type { Loose } from "../manifest.ts";
import { load, stackFile } from "../plannedStack.ts";
import { HOST } from "../pods/network.ts";
import { kill, start, until } from "../processes.ts";
import { MINIO } from "../runningStack/objectStore.ts";
import type { RunningStack } from "../runningStack/runningStack.ts";
import { FASTER_TIMES, fasterRules } from "./fasterRules.ts";
import { discovered, podMonitorJob } from "./scrapeConfig.ts";
import { KUBE_STATE_PATH, StandInMetrics } from "./standInMetrics.ts";

/** Where Prometheus listens. */
export const PROMETHEUS_PORT = 9090;
export const PROMETHEUS_URL = `http://${HOST}:${PROMETHEUS_PORT}`;

/** An alert that is pending or fires. */
export interface ActiveAlert {
  readonly name: string;
  readonly state: "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly runbook: string;
  /** How long its rule waits in a cluster. 0 if it does not wait. */
  readonly forMinutes: number;
}

/** An alert that has fired, and for which part. */
export interface FiredAlert {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Fires at all times, to show that alerts reach people. */
const WATCHDOG = "LoggingWatchdog";

/** A config with everything that has alerts. */
const monitored = (config: Loose): void => {
  config.monitoring = { kind: "prometheusOperator", thresholds: { bucketGiB: 100 } };
};

/** Rules and PodMonitors of the stack, as its component renders them. */
export async function monitoringOf(stack: string) {
  const { resolved } = await load(stackFile(monitored, { stack }));
  const { monitoring } = resolved;
  if (monitoring.kind !== "prometheusOperator") throw new Error("the stack has no monitoring");
  return {
    resolved,
    monitoring,
    rules: prometheusRuleSpec(resolved, monitoring),
    monitors: podMonitorSpecs(resolved, monitoring),
  };
}

/** A Prometheus that scrapes a running stack and evaluates its alerts, from its start on. */
export class AlertWatch {
  readonly #started = Date.now();
  readonly #standIns: StandInMetrics;
  /** By the alert's name. */
  readonly #forMinutes: ReadonlyMap<string, number>;

  private constructor(standIns: StandInMetrics, forMinutes: ReadonlyMap<string, number>) {
    this.#standIns = standIns;
    this.#forMinutes = forMinutes;
  }

  /** Starts it, and waits until it has asked every target and evaluated every rule after that. */
  static async start(running: RunningStack): Promise<AlertWatch> {
    const { stack, cluster, programs } = running;
    const standIns = await StandInMetrics.serve({ cluster, namespace: stack.namespace, objects: stack.objects });
    mkdirSync(join(running.folder, "prometheus"), { recursive: true });
    const folder = mkdtempSync(join(running.folder, "prometheus", "run-"));
    const { resolved, monitoring, rules, monitors } = await monitoringOf(stack.name);
    const targets = discovered(cluster.pods, stack.namespace, standIns.address);
    const config = {
      global: {
        scrape_interval: FASTER_TIMES.evaluation,
        scrape_timeout: FASTER_TIMES.evaluation,
        evaluation_interval: FASTER_TIMES.evaluation,
      },
      rule_files: ["rules.yaml"],
      scrape_configs: [
        ...Object.entries(monitors).map(([name, spec]) => podMonitorJob(name, stack.namespace, spec, targets)),
        {
          job_name: "kube-state-metrics",
          metrics_path: KUBE_STATE_PATH,
          static_configs: [{ targets: [standIns.address] }],
        },
        {
          job_name: "minio",
          metrics_path: "/minio/v2/metrics/bucket",
          scheme: "https",
          tls_config: { ca_file: running.store.ca.certificate },
          static_configs: [{ targets: [`${MINIO.host}:${MINIO.port}`] }],
        },
      ],
    };
    writeFileSync(join(folder, "rules.yaml"), stringify(fasterRules(rules)));
    writeFileSync(join(folder, "prometheus.yaml"), stringify(config, { aliasDuplicateObjects: false }));
    // One that a failed scenario has left.
    await kill("prometheus");
    start(
      "prometheus",
      programs.prometheus,
      [
        "--config.file=prometheus.yaml",
        `--web.listen-address=${HOST}:${PROMETHEUS_PORT}`,
        "--storage.tsdb.path=data",
        `--query.lookback-delta=${FASTER_TIMES.lookback}`,
      ],
      { folder },
    );
    const alerts = alertGroups(resolved, monitoring).flatMap((group) => group.alerts);
    const watch = new AlertWatch(standIns, new Map(alerts.map((alert) => [alert.name, alert.forMinutes])));
    await until("Prometheus asks every target", () => watch.#hasAsked());
    const asked = Date.now();
    await until("Prometheus evaluates every rule", () => watch.#hasEvaluatedSince(asked));
    return watch;
  }

  /** Alerts that are pending or fire now, without the watchdog. */
  async active(): Promise<ActiveAlert[]> {
    const { alerts } = await this.#get<{ alerts: Loose[] }>("alerts");
    return alerts
      .filter(({ labels }) => labels.alertname !== WATCHDOG)
      .map(({ state, labels: { alertname, ...labels }, annotations }) => ({
        ...{ name: alertname, state, labels },
        ...{ summary: annotations.summary, runbook: annotations.runbook_url },
        forMinutes: this.#forMinutes.get(alertname) ?? 0,
      }));
  }

  /** Every alert that has fired since the start, without the watchdog. */
  async fired(): Promise<FiredAlert[]> {
    const seconds = Math.ceil((Date.now() - this.#started) / 1000);
    const query = `max_over_time(ALERTS{alertstate="firing"}[${seconds}s])`;
    const { result } = await this.#get<{ result: Loose[] }>(`query?${new URLSearchParams({ query })}`);
    return result
      .filter(({ metric }) => metric.alertname !== WATCHDOG)
      .map(({ metric: { __name__: _, alertname, alertstate: __, ...labels } }) => ({ name: alertname, labels }));
  }

  /** Whether it has asked every target. It has none in its first seconds. */
  async #hasAsked(): Promise<boolean> {
    const { activeTargets } = await this.#get<{ activeTargets: Loose[] }>("targets?state=active");
    return activeTargets.length > 0 && activeTargets.every(({ lastScrape }) => Date.parse(lastScrape) >= this.#started);
  }

  async #hasEvaluatedSince(time: number): Promise<boolean> {
    const { groups } = await this.#get<{ groups: Loose[] }>("rules");
    return groups.every(({ lastEvaluation }) => Date.parse(lastEvaluation) > time);
  }

  async stop(): Promise<void> {
    await kill("prometheus");
    this.#standIns.close();
  }

  async #get<Data>(path: string): Promise<Data> {
    const response = await fetch(`${PROMETHEUS_URL}/api/v1/${path}`);
    const body = (await response.json()) as { status: string; data: Data; error?: string };
    if (body.status !== "success") throw new Error(`Prometheus: ${body.error}`);
    return body.data;
  }
}
