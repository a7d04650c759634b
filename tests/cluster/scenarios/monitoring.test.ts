// The alerts of one stack on the real engine: for Azure's managed Prometheus, for Prometheus Operator, and taken away again.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { AZURE_MONITOR, createCustomKind, OPERATOR_KINDS } from "../../harness/kubernetes/customKinds.ts";
import type { KubernetesApi } from "../../harness/kubernetes/kubernetesApi.ts";
import { until } from "../../harness/processes.ts";
import { type Pools, readPools } from "../../harness/pulumi/azure-native/state.ts";
import type { PulumiEngine, StackConfig } from "../../harness/pulumi/pulumiEngine.ts";
import { deployedStacks, withConfig } from "../deployedStacks.ts";
import { deploy } from "../projectCommand.ts";

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

  it("is refused by a cluster without its kinds, and the failure names them", async () => {
    await withConfig(NAME, AZURE, async () => {
      const { outcome, findings } = await deploy(engine, ["up", "--stack", NAME]);
      assert.equal(outcome, "failed");
      assert.match(JSON.stringify(findings), /azmonitoring\.coreos\.com/);
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

  it("without it again: nothing is left", async () => {
    await up();
    assert.deepEqual(await namesAt(MONITORS("monitoring.coreos.com")), []);
    assert.deepEqual(await namesAt("/api/v1/namespaces/grafana/configmaps?labelSelector=grafana_dashboard%3D1"), []);
  });
});
