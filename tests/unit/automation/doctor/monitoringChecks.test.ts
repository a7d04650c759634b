// The kinds that monitors and alerts need, asked of an API server that has them or not.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { checkGrafanaNamespaces } from "../../../../automation/doctor/grafanaChecks.ts";
import { checkMonitorKinds } from "../../../../automation/doctor/monitoringChecks.ts";
import { explainErrors } from "../../../../automation/explain/explainErrors.ts";
import { resolveArgs } from "../../../../components/args.ts";
import { load, stackFile } from "../../../harness/plannedStack.ts";

const servers: Array<{ close(): void }> = [];
after(() => {
  for (const server of servers) server.close();
});

/** A Kubernetes API with these API groups and namespaces. */
async function clusterWith(
  groups: Readonly<Record<string, readonly string[]>>,
  namespaces: readonly string[] = [],
): Promise<KubeConfig> {
  const server = createServer((request, response) => {
    const [, namespace] = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (namespace) {
      response.writeHead(namespaces.includes(namespace) ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ kind: "Namespace", apiVersion: "v1", metadata: { name: namespace } }));
      return;
    }
    const kinds = groups[/^\/apis\/([^/]+)\/v1\/?$/.exec(request.url ?? "")?.[1] ?? ""];
    response.writeHead(kinds ? 200 : 404, { "content-type": "application/json" });
    const resources = (kinds ?? []).map((kind) => ({
      ...{ kind, name: `${kind.toLowerCase()}s`, namespaced: true, singularName: "", verbs: [] },
    }));
    response.end(JSON.stringify(kinds ? { kind: "APIResourceList", groupVersion: "", resources } : { kind: "Status" }));
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const kube = new KubeConfig();
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kube.loadFromClusterAndUser({ name: "c", server: address, skipTLSVerify: true }, { name: "u" });
  return kube;
}

const AZURE = {
  kind: "azureManagedPrometheus",
  workspaceId:
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Monitor/accounts/metrics",
  location: "westeurope",
};

const argsWith = async (monitoring: object) =>
  resolveArgs((await load(stackFile((c) => Object.assign(c, { monitoring })))).args);

describe("Grafana's namespaces", () => {
  const check = async (grafana: object) =>
    checkGrafanaNamespaces(
      await clusterWith({}, ["grafana"]),
      resolveArgs((await load(stackFile((c) => Object.assign(c, { grafana })))).args),
    );

  it("are not asked for where Grafana gets nothing", async () => {
    assert.equal((await check({})).state, "skipped");
  });

  it("exist", async () => {
    assert.deepEqual(await check({ dataSource: { namespace: "grafana" }, dashboards: { namespace: "grafana" } }), {
      state: "ok",
      seen: "grafana",
    });
  });

  it("are named where one does not exist", async () => {
    const result = await check({ dataSource: { namespace: "grafana" }, dashboards: { namespace: "boards" } });
    assert.ok(result.state === "bad");
    assert.deepEqual(
      result.findings.map(({ subject }) => subject),
      ["namespace boards"],
    );
    assert.match(result.findings[0]?.fix ?? "", /kubectl create namespace boards$/);
  });

  it("are named once by a deploy that fails without them", () => {
    const error = (resource: string) =>
      [
        `resource "urn:pulumi:a::logging::logging:index:LoggingStack$kubernetes:core/v1:ConfigMap::logging-${resource}"`,
        'was not successfully created by the Kubernetes API server: namespaces "boards" not found',
      ].join(" ");
    const findings = explainErrors([error("dashboard-health"), error("grafana-data-source"), "update failed"]);
    assert.deepEqual(
      findings.map(({ subject }) => subject),
      ["namespace boards"],
    );
    // The stack's own namespace is another matter.
    assert.deepEqual(explainErrors([error("minio-ca")]), []);
  });
});

describe("the kinds for monitoring", () => {
  it("are all there", async () => {
    const kube = await clusterWith({ "monitoring.coreos.com": ["ServiceMonitor", "PodMonitor", "PrometheusRule"] });
    assert.deepEqual(await checkMonitorKinds(kube, await argsWith({ kind: "prometheusOperator" })), {
      state: "ok",
      seen: "PodMonitor, PrometheusRule",
    });
  });

  it("are named where one is missing, or the whole group", async () => {
    const subjects = async (groups: Record<string, string[]>, monitoring: object) => {
      const result = await checkMonitorKinds(await clusterWith(groups), await argsWith(monitoring));
      assert.ok(result.state === "bad");
      return result.findings;
    };
    const operator = { kind: "prometheusOperator" };
    assert.deepEqual(
      (await subjects({ "monitoring.coreos.com": ["PodMonitor"] }, operator)).map(({ subject }) => subject),
      ["PrometheusRule of monitoring.coreos.com/v1"],
    );
    assert.equal((await subjects({}, operator)).length, 2);
    // Prometheus Operator's own kinds are of no use to Azure's collector.
    const [azure] = await subjects({ "monitoring.coreos.com": ["PodMonitor", "PrometheusRule"] }, AZURE);
    assert.equal(azure?.subject, "PodMonitor of azmonitoring.coreos.com/v1");
    assert.match(
      azure?.fix ?? "",
      new RegExp(
        `^az aks update --subscription 0{8}-\\S+ --resource-group rg-prod-aks-a --name prod-aks-a --enable-azure-monitor-metrics --azure-monitor-workspace-resource-id ${AZURE.workspaceId},`,
      ),
    );
  });

  it("are not asked for where nothing is monitored", async () => {
    const { state } = await checkMonitorKinds(await clusterWith({}), await argsWith({ kind: "none" }));
    assert.equal(state, "skipped");
  });

  it("are named by a deploy that fails without them", () => {
    const error = [
      "kubernetes:monitoring.coreos.com/v1:PodMonitor (logging-monitor-loki): error: creation of resource failed because",
      'the apiVersion does not exist: no matches for kind "PodMonitor" in version "monitoring.coreos.com/v1"',
    ].join(" ");
    const [finding, ...others] = explainErrors([error]);
    assert.deepEqual(others, []);
    assert.equal(finding?.subject, "PodMonitor of monitoring.coreos.com/v1");
    assert.match(finding?.fix ?? "", /install Prometheus Operator/);
  });
});
