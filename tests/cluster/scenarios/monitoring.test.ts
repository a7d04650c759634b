// The alerts of one stack on the real engine: for Azure's managed Prometheus, for Prometheus Operator, and taken away again.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { findingLines } from "../../../components/findings.ts";
import { AZURE_MONITOR, createCustomKind, OPERATOR_KINDS } from "../../harness/kubernetes/customKinds.ts";
import type { KubernetesApi } from "../../harness/kubernetes/kubernetesApi.ts";
import { until } from "../../harness/processes.ts";
import { type Pools, readPools } from "../../harness/pulumi/azure-native/state.ts";
import type { PulumiEngine, StackConfig } from "../../harness/pulumi/pulumiEngine.ts";
import { deployedStacks, withConfig } from "../deployedStacks.ts";
import { deploy, runCommand } from "../projectCommand.ts";
import { dataOf } from "../secretSearch.ts";

const NAME = "prod-aks-b";
const SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups";

const AZURE = (config: StackConfig): void => {
  config["logging:monitoring"] = {
    kind: "azureManagedPrometheus",
    workspaceId: `${SUBSCRIPTION}/rg-monitoring/providers/Microsoft.Monitor/accounts/metrics`,
    location: "westeurope",
    actionGroupIds: [`${SUBSCRIPTION}/rg-monitoring/providers/Microsoft.Insights/actionGroups/on-call`],
  };
};

const OPERATOR = (config: StackConfig): void => {
  config["logging:monitoring"] = { kind: "prometheusOperator", labels: { release: "kube-prometheus-stack" } };
  config["logging:grafana"] = { dataSource: { namespace: "grafana" }, dashboards: { namespace: "grafana" } };
};

const MONITORS = (group: string): string => `/apis/${group}/v1/namespaces/logging/podmonitors`;

let api: KubernetesApi;
let engine: PulumiEngine;

/** The groups of rules in Azure, by their names. */
const ruleGroups = (): Pools =>
  Object.fromEntries(
    Object.entries(readPools(engine.environment.AZURE_STANDIN_STATE ?? "")).flatMap(([id, inputs]) => {
      const [, name] = /\/prometheusRuleGroups\/(.+)$/.exec(id) ?? [];
      return name ? [[name, inputs]] : [];
    }),
  );

/** Grafana's data source. */
async function grafanaSecret(): Promise<{ readonly uid: string; readonly text: string; readonly password: string }> {
  const [secret, ...others] = await api.list("/api/v1/namespaces/grafana/secrets");
  assert.deepEqual(others, []);
  const text = Object.values(dataOf(secret)).join("");
  const [, password = ""] = /basicAuthPassword: (\S+)/.exec(text) ?? [];
  assert.ok(password);
  return { uid: secret?.metadata.uid ?? "", text, password };
}

async function up(): Promise<Awaited<ReturnType<typeof deploy>>> {
  const result = await deploy(engine, ["up", "--stack", NAME]);
  assert.equal(result.outcome, "succeeded", JSON.stringify(result.findings));
  return result;
}

const namesAt = async (path: string): Promise<string[]> =>
  (await api.list(path)).map(({ metadata }) => metadata.name).sort();

async function serve(kind: typeof AZURE_MONITOR): Promise<void> {
  await createCustomKind(api, kind);
  const path = `/apis/${kind.group}/${kind.version}/${kind.plural}`;
  const served = () =>
    api.list(path).then(
      () => true,
      () => false,
    );
  await until(`${kind.kind} of ${kind.group} is served`, served);
}

describe("the monitoring of a deployed stack", () => {
  before(async () => {
    const environment = await deployedStacks();
    engine = environment.engine;
    api = environment.deployments[NAME].cluster.api;
  });

  it("is refused by a cluster without its kinds: the report, the doctor and the failure name them, and the command that brings them", async () => {
    const missing = (text: string): void => {
      assert.match(text, /PodMonitor of azmonitoring\.coreos\.com\/v1: is not a kind that the cluster knows/);
      assert.match(
        text,
        /az aks update --subscription 0{8}-\S+ --resource-group rg-prod-aks-b --name prod-aks-b --enable-azure-monitor-metrics --azure-monitor-workspace-resource-id \S+\/accounts\/metrics/,
      );
    };
    await withConfig(NAME, AZURE, async () => {
      const { stdout: report } = await runCommand(engine, "preview", [NAME]);
      assert.match(report, new RegExp(`^${NAME}: disruptive$`, "m"));
      missing(report);
      missing((await runCommand(engine, "doctor", [NAME])).stdout);
      const { outcome, findings } = await deploy(engine, ["up", "--stack", NAME]);
      assert.equal(outcome, "failed");
      missing(findingLines(findings).join("\n"));
    });
    await withConfig(NAME, OPERATOR, async () => {
      const { stdout } = await runCommand(engine, "preview", [NAME]);
      for (const kind of ["PodMonitor", "PrometheusRule"])
        assert.match(stdout, new RegExp(`${kind} of monitoring\\.coreos\\.com/v1: is not a kind`));
      assert.match(stdout, /namespace grafana: does not exist/);
    });
  });

  it("for Azure: PodMonitors in the cluster, and four groups of rules that Azure accepts", async () => {
    await serve(AZURE_MONITOR);
    await withConfig(NAME, AZURE, async () => {
      await up();
      assert.deepEqual(await namesAt(MONITORS("azmonitoring.coreos.com")), ["logging-alloy", "logging-loki"]);
      const groups = ruleGroups();
      assert.deepEqual(
        Object.keys(groups).sort(),
        ["collector", "loki", "platform", "storage"].map((about) => `${NAME}-logging-${about}`),
      );
      for (const { clusterName, scopes } of Object.values(groups)) {
        assert.equal(clusterName, NAME);
        assert.equal((scopes as string[]).length, 2);
      }
      assert.deepEqual((await deploy(engine, ["up", "--stack", NAME])).steps, []);
    });
  });

  it("for Prometheus Operator instead: its own kinds, and Azure's are gone", async () => {
    for (const kind of OPERATOR_KINDS) await serve(kind);
    await withConfig(NAME, OPERATOR, async () => {
      const { outcome, findings } = await deploy(engine, ["up", "--stack", NAME]);
      assert.equal(outcome, "failed");
      assert.deepEqual(
        findings.map(({ subject }) => subject),
        ["namespace grafana"],
      );
    });
    await api.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "grafana" } });
    await withConfig(NAME, OPERATOR, async () => {
      await up();
      assert.deepEqual(await namesAt(MONITORS("monitoring.coreos.com")), ["logging-alloy", "logging-loki"]);
      const rules = "/apis/monitoring.coreos.com/v1/namespaces/logging/prometheusrules";
      assert.deepEqual(await namesAt(rules), ["logging-alerts"]);
      assert.deepEqual(await namesAt(MONITORS("azmonitoring.coreos.com")), []);
      assert.deepEqual(ruleGroups(), {});
    });
  });

  it("with Grafana's dashboards and data source in its namespace, which no second deploy changes", async () => {
    await withConfig(NAME, OPERATOR, async () => {
      const configMaps = await api.list("/api/v1/namespaces/grafana/configmaps?labelSelector=grafana_dashboard%3D1");
      assert.deepEqual(
        configMaps.map(({ metadata }) => metadata.name).sort(),
        ["alloy", "health", "incident", "usage"].map((name) => `log-platform-dashboard-${name}`),
      );
      assert.equal((await api.list("/api/v1/namespaces/grafana/secrets")).length, 1);
      assert.deepEqual((await deploy(engine, ["up", "--stack", NAME])).steps, []);
    });
  });

  it("with a data source that follows the rotation of the gateway's password in place, and keeps no old password", async () => {
    const old = await grafanaSecret();
    // For good: a generation does not go back.
    engine.changeConfig(NAME, (config) => {
      config["logging:loki"].gateway = { credentialsGeneration: 2 };
    });
    const changed = (config: StackConfig): void => {
      OPERATOR(config);
      // In the files of the dashboards, and beside them.
      config["logging:monitoring"].thresholds = { queuePercent: 40 };
      config["logging:grafana"].dashboards.folder = "Logs";
    };
    await withConfig(NAME, changed, async () => {
      const { steps } = await up();
      const ours = steps.filter(({ name }) => /grafana-data-source|dashboard/.test(name));
      assert.deepEqual(ours.map(({ op, name }) => `${op} ${name}`).sort(), [
        ...["alloy", "health", "incident", "usage"].map((name) => `update logging-dashboard-${name}`),
        "update logging-grafana-data-source",
      ]);
      const secret = await grafanaSecret();
      assert.equal(secret.uid, old.uid);
      const logins = await api.list("/api/v1/namespaces/logging/secrets?labelSelector=logging%2Flogin%3Dreader");
      assert.deepEqual(
        logins.map((login) => dataOf(login).LOKI_PASSWORD),
        [secret.password],
      );
      assert.notEqual(secret.password, old.password);
      assert.ok(!secret.text.includes(old.password));
      assert.match(secret.text, /basicAuthUser: logging-2/);
    });
  });

  it("without it again: nothing is left", async () => {
    await up();
    assert.deepEqual(await namesAt(MONITORS("monitoring.coreos.com")), []);
    assert.deepEqual(await namesAt("/api/v1/namespaces/grafana/configmaps?labelSelector=grafana_dashboard%3D1"), []);
  });
});
