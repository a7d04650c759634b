// What the doctor knows of AKS: its safeguards, the nodes that get no agent, and pools of Karpenter.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCustomKind, KARPENTER_NODE_POOL } from "../../harness/kubernetes/customKinds.ts";
import type { KubernetesApi } from "../../harness/kubernetes/kubernetesApi.ts";
import { until } from "../../harness/processes.ts";
import type { StackConfig } from "../../harness/pulumi/pulumiEngine.ts";
import { deployedStacks, withConfig } from "../deployedStacks.ts";
import { examine, findingsOf, resultOf } from "../examination.ts";

const NAME = "prod-aks-b";

const api = async (): Promise<KubernetesApi> => (await deployedStacks()).deployments[NAME].cluster.api;

describe("the doctor knows AKS", () => {
  it("Automatic, its Deployment Safeguards and node auto-provisioning", async () => {
    const checked = await examine(NAME, {
      AZURE_STANDIN_CLUSTER: JSON.stringify({
        location: "westeurope",
        provisioningState: "Succeeded",
        sku: { name: "Automatic" },
        nodeProvisioningProfile: { mode: "Auto" },
        networkProfile: { networkPolicy: "cilium" },
      }),
      AZURE_STANDIN_SAFEGUARDS: JSON.stringify({ level: "Enforce", excludedNamespaces: ["dapr"] }),
    });
    const [safeguards] = findingsOf(checked, "Deployment Safeguards");
    assert.match(safeguards?.text ?? "", /Baseline, as on every AKS Automatic cluster/);
    assert.match(safeguards?.fix ?? "", /--excluded-ns dapr logging$/);
    assert.match(findingsOf(checked, "AKS cluster")[0]?.text ?? "", /node auto-provisioning/);
  });

  it("Standard without safeguards, and names nodes that get no agent", async () => {
    const checked = await examine(NAME);
    assert.deepEqual(resultOf(checked, "Deployment Safeguards"), { state: "ok", seen: "off" });
    const agents = resultOf(checked, "agents");
    assert.match(agents.state === "ok" ? agents.seen : "", /Windows nodes, .*: aks-win-0/);
    assert.match(agents.state === "ok" ? agents.seen : "", /virtual nodes, .*: virtual-node-aci-linux/);
  });

  it("pools of Karpenter, which have no node yet", async () => {
    const cluster = await api();
    await createCustomKind(cluster, KARPENTER_NODE_POOL);
    const pools = "/apis/karpenter.sh/v1/nodepools";
    const served = () =>
      cluster.list(pools).then(
        () => true,
        () => false,
      );
    await until("NodePools are served", served);
    const create = async (taints: readonly object[]) => {
      await cluster.create(pools, {
        apiVersion: "karpenter.sh/v1",
        kind: "NodePool",
        metadata: { name: "logs" },
        spec: {
          limits: { cpu: "20" },
          template: {
            metadata: { labels: { pool: "logs" } },
            spec: { taints, startupTaints: [{ key: "node.cilium.io/agent-not-ready", effect: "NoExecute" }] },
          },
        },
      });
    };
    const onKarpenter = (config: StackConfig): void => {
      config["logging:nodePool"] = {
        mode: "existing",
        label: { key: "pool", value: "logs" },
        taint: { key: "pool", value: "logs", effect: "NoSchedule" },
        capacity: { vmSize: "Standard_D4s_v5", maxCount: 5, maxPods: 60 },
      };
    };
    await withConfig(NAME, onKarpenter, async () => {
      assert.match(findingsOf(await examine(NAME), "nodes for Loki")[0]?.text ?? "", /^none has the label pool=logs$/);
      await create([{ key: "pool", value: "logs", effect: "NoSchedule" }]);
      assert.deepEqual(resultOf(await examine(NAME), "nodes for Loki"), {
        state: "ok",
        seen: "0 of pool=logs; NodePool logs creates more",
      });
      await cluster.call("DELETE", `${pools}/logs`);
      await create([{ key: "sku", value: "gpu", effect: "NoSchedule" }]);
      const [tainted] = findingsOf(await examine(NAME), "nodes for Loki");
      assert.match(tainted?.text ?? "", /taints its nodes with sku=gpu:NoSchedule/);
    });
    await cluster.call("DELETE", `${pools}/logs`);
  });
});
