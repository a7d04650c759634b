// Nodes for Loki, and Karpenter's NodePools that create them, against a fake API.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { CheckResult } from "../../../../automation/doctor/check.ts";
import { canCreate, type KarpenterPool } from "../../../../automation/doctor/karpenterPools.ts";
import { checkAgents, checkNodes } from "../../../../automation/doctor/nodeChecks.ts";
import { resolveArgs } from "../../../../components/args.ts";
import { startFakeApi } from "../../../harness/fakeApi.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, stackFile } from "../../../harness/plannedStack.ts";
import { existingPool } from "../../stack/configErrors/mistakes.ts";

const apis: Array<{ close(): void }> = [];
after(() => {
  for (const api of apis) api.close();
});

const node = (name: string, labels: Loose = {}, taints: Loose[] = []): Loose => ({
  metadata: { name, labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", ...labels } },
  spec: { taints },
});
const taint = (key: string, value = "", effect = "NoSchedule") => ({ key, value, effect });

/** The API of a cluster. The label selector of a request is part of its address. */
async function apiOf({ nodes = [], pools }: { nodes?: Loose[]; pools?: Loose[] }) {
  const api = await startFakeApi((asked) => {
    const [path, query] = asked.split("?");
    if (path === "GET /apis/karpenter.sh/v1/nodepools") return pools && { items: pools };
    if (path !== "GET /api/v1/nodes") return undefined;
    const selector = new URLSearchParams(query).get("labelSelector")?.split("=");
    return {
      items: nodes.filter(({ metadata }) => !selector || metadata.labels[selector[0] ?? ""] === selector[1]),
    };
  });
  apis.push(api);
  return api.kube;
}

async function nodesFor(cluster: Parameters<typeof apiOf>[0], change: (c: Loose) => void): Promise<CheckResult> {
  const { args } = await load(stackFile(change));
  return checkNodes(await apiOf(cluster), resolveArgs(args));
}

const found = (result: CheckResult): string[] =>
  result.state === "bad" ? result.findings.map(({ subject, text, fix }) => `${subject}: ${text} → ${fix}`) : [];

/** A NodePool for Loki, with everything that it needs. */
const pool = (change: (spec: Loose) => void = () => {}): Loose => {
  const spec: Loose = {
    limits: { cpu: "20", memory: "80Gi" },
    template: {
      metadata: { labels: { workload: "logging" } },
      spec: {
        taints: [taint("workload", "logging")],
        startupTaints: [taint("node.cilium.io/agent-not-ready", "true", "NoExecute")],
        requirements: [],
      },
    },
  };
  change(spec);
  return { metadata: { name: "logging" }, spec };
};
const forLoki = (c: Loose) => existingPool(c, { taint: { key: "workload", value: "logging", effect: "NoSchedule" } });

describe("an existing pool", () => {
  it("is in order with nodes that have its label", async () => {
    const result = await nodesFor({ nodes: [node("a", { workload: "logging" }), node("b")] }, existingPool);
    assert.deepEqual(result, { state: "ok", seen: "1 of workload=logging" });
  });

  it("without a node is a finding, without Karpenter as well as beside NodePools with other labels", async () => {
    assert.match(
      found(await nodesFor({ nodes: [node("b")] }, existingPool))[0] ?? "",
      /none has the label workload=logging → kubectl get nodes --show-labels; correct nodePool\.label$/,
    );
    const other = pool((spec) => {
      spec.template.metadata.labels = {};
    });
    assert.match(
      found(await nodesFor({ pools: [other] }, existingPool))[0] ?? "",
      /and no NodePool of Karpenter creates one \(logging\) → .*docs\/node-auto-provisioning\.md/,
    );
  });

  it("whose nodes all have taints that Loki does not tolerate is a finding, with the line that tolerates them", async () => {
    const spot = taint("kubernetes.azure.com/scalesetpriority", "spot");
    const tainted = (taints: Loose[]) =>
      nodesFor({ nodes: [node("a", { workload: "logging" }, taints)] }, existingPool);
    assert.deepEqual(found(await tainted([spot, taint("sku", "", "NoExecute")])), [
      [
        "nodes for Loki: all 1 have taints that Loki's pods do not tolerate:",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule, sku:NoExecute → nodePool.taints:",
        '[{ key: kubernetes.azure.com/scalesetpriority, value: "spot", effect: NoSchedule }, { key: sku, effect: NoExecute }]',
      ].join(" "),
    ]);
    // They pass, or only prefer.
    for (const passing of [
      taint("node.kubernetes.io/not-ready", "", "NoExecute"),
      taint("ToBeDeletedByClusterAutoscaler", "1"),
      taint("karpenter.sh/disrupted"),
      taint("team", "a", "PreferNoSchedule"),
    ])
      assert.deepEqual(found(await tainted([passing])), [], passing.key);
  });

  it("of several taints is in order when all are named", async () => {
    const taints = [taint("kubernetes.azure.com/scalesetpriority", "spot"), taint("CriticalAddonsOnly", "true")];
    const nodes = [node("a", { workload: "logging" }, taints)];
    assert.equal((await nodesFor({ nodes }, (c) => existingPool(c, { taints }))).state, "ok");
  });
});

describe("a pool of Karpenter", () => {
  it("is in order before it has a node: it creates one when a pod waits", async () => {
    const result = await nodesFor({ pools: [pool()] }, forLoki);
    assert.deepEqual(result, { state: "ok", seen: "0 of workload=logging; NodePool logging creates more" });
  });

  it("with a taint that Loki does not tolerate is a finding", async () => {
    assert.match(
      found(await nodesFor({ pools: [pool()] }, existingPool))[0] ?? "",
      /NodePool logging: taints its nodes with workload=logging:NoSchedule, .* → nodePool\.taints: \[\{ key: workload,/,
    );
  });

  it("without Cilium's startup taint is a finding on a cluster with Cilium, and on no other", async () => {
    const bare = pool((spec) => {
      delete spec.template.spec.startupTaints;
    });
    assert.match(
      found(await nodesFor({ pools: [bare] }, forLoki))[0] ?? "",
      /creates a second node while Cilium starts/,
    );
    const calico = await nodesFor({ pools: [bare] }, (c) => {
      forLoki(c);
      c.network.policyEngine = "calico";
    });
    assert.equal(calico.state, "ok");
  });

  it("whose limits end below the capacity in the config is a finding for each of them", async () => {
    const small = pool((spec) => {
      spec.limits = { cpu: 16, memory: "64Gi", nodes: "4" };
    });
    const texts = found(await nodesFor({ pools: [small] }, forLoki));
    assert.deepEqual(
      texts.map((text) => /ends at (\w+ \w+)/.exec(text)?.[1]),
      ["cpu 16", "memory 64Gi", "nodes 4"],
    );
    assert.match(texts[0] ?? "", /below the 5 nodes of 4 vCPU and 16 GiB that nodePool\.capacity counts on/);
    const unlimited = pool((spec) => {
      delete spec.limits;
    });
    assert.deepEqual(found(await nodesFor({ pools: [unlimited] }, forLoki)), []);
  });

  it("creates nodes with its labels, its requirements and the labels that every node gets", () => {
    const with_ = (requirements: Loose[], labels: Loose = {}) =>
      pool((spec) => {
        spec.template.metadata.labels = labels;
        spec.template.spec.requirements = requirements;
      }) as KarpenterPool;
    const is = (requirement: Loose) => with_([requirement]);
    const zone = "topology.kubernetes.io/zone";
    assert.ok(canCreate(with_([]), "karpenter.sh/nodepool", "logging"));
    assert.ok(!canCreate(with_([]), "karpenter.sh/nodepool", "default"));
    assert.ok(!canCreate(with_([]), "workload", "logging"));
    assert.ok(canCreate(is({ key: "workload", operator: "Exists" }), "workload", "logging"));
    assert.ok(canCreate(is({ key: "workload", operator: "In", values: ["logging"] }), "workload", "logging"));
    assert.ok(!canCreate(is({ key: "workload", operator: "In", values: ["web"] }), "workload", "logging"));
    assert.ok(!canCreate(is({ key: "workload", operator: "DoesNotExist" }), "workload", "logging"));
    assert.ok(canCreate(with_([]), zone, "westeurope-1"));
    assert.ok(!canCreate(is({ key: zone, operator: "NotIn", values: ["westeurope-1"] }), zone, "westeurope-1"));
    assert.ok(
      !canCreate(
        is({ key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] }),
        "karpenter.sh/capacity-type",
        "spot",
      ),
    );
    const cpu = "karpenter.azure.com/sku-cpu";
    assert.ok(canCreate(is({ key: cpu, operator: "Gt", values: ["2"] }), cpu, "4"));
    assert.ok(!canCreate(is({ key: cpu, operator: "Lt", values: ["4"] }), cpu, "4"));
    assert.ok(!canCreate(with_([], { workload: "web" }), "workload", "logging"));
  });
});

it("nodes without an agent are named, by kind", async () => {
  const nodes = [
    node("aks-app-0"),
    node("akswin0", { "kubernetes.io/os": "windows" }),
    node("akswin1", { "kubernetes.io/os": "windows" }),
    node("virtual-node-aci-linux", { type: "virtual-kubelet" }),
    node("aks-hosted-0", { "kubernetes.azure.com/hostedvm": "true" }),
  ];
  const result = await checkAgents(await apiOf({ nodes }));
  assert.equal(
    result.state === "ok" && result.seen,
    [
      "on 1 Linux nodes",
      "none on virtual nodes, which have no disk: virtual-node-aci-linux",
      "none on Windows nodes, for which Alloy's chart has no image: akswin0, akswin1",
      "none on nodes of AKS itself, which only AKS may use: aks-hosted-0",
    ].join("; "),
  );
});
