import { AKS_DAEMONSETS, allocatable, type VmCapacity } from "../../../components/nodePool/capacity.ts";
import type { KubernetesApi } from "./kubernetesApi.ts";

const ZONES = ["westeurope-1", "westeurope-2", "westeurope-3"];
const D4S_V5: VmCapacity = { cpu: 4, memoryGiB: 16, dataDisks: 8 };
const D8S_V5: VmCapacity = { cpu: 8, memoryGiB: 32, dataDisks: 16 };

interface SimulatedNode {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly taints: ReadonlyArray<{ key: string; value: string; effect: string }>;
  readonly vm: VmCapacity;
  readonly maxPods: number;
  readonly zone?: string;
}

const pool = (name: string, count: number, node: Omit<SimulatedNode, "name" | "zone">): SimulatedNode[] =>
  Array.from({ length: count }, (_, i) => ({
    ...node,
    name: `aks-${name}-${i}`,
    zone: ZONES[i % ZONES.length] ?? "",
    labels: { ...node.labels, agentpool: name, "kubernetes.azure.com/agentpool": name },
  }));

/**
 * Nodes with the labels and taints of AKS: the logging pool at its largest, a pool of applications, a Windows node and a virtual node.
 * Nothing of this project can run on the last two.
 */
const nodes = (loggingNodes: number): SimulatedNode[] => {
  const linux = { "kubernetes.io/os": "linux" };
  return [
    ...pool("logging", loggingNodes, {
      labels: { ...linux, workload: "logging" },
      taints: [{ key: "workload", value: "logging", effect: "NoSchedule" }],
      vm: D4S_V5,
      maxPods: 60,
    }),
    ...pool("app", 3, { labels: linux, taints: [], vm: D8S_V5, maxPods: 110 }),
    ...pool("win", 1, { labels: { "kubernetes.io/os": "windows" }, taints: [], vm: D8S_V5, maxPods: 110 }),
    {
      name: "virtual-node-aci-linux",
      labels: { ...linux, type: "virtual-kubelet" },
      taints: [{ key: "virtual-kubelet.io/provider", value: "azure", effect: "NoSchedule" }],
      vm: D8S_V5,
      maxPods: 110,
    },
  ];
};

/** Names of the nodes that must run Alloy. */
export const linuxNodes = (loggingNodes: number): string[] =>
  nodes(loggingNodes)
    .filter((node) => node.labels["kubernetes.io/os"] === "linux" && node.labels.type !== "virtual-kubelet")
    .map((node) => node.name)
    .sort();

/** Creates nodes, the disks that they can attach, and AKS's own pods. */
export async function createNodes(
  api: KubernetesApi,
  cluster: string,
  loggingNodes: number,
  kubeletPort: number,
): Promise<void> {
  for (const node of nodes(loggingNodes)) {
    const { cpu, memory } = allocatable(node.vm, node.maxPods);
    const resources = { cpu: `${cpu}m`, memory: `${memory}Mi`, pods: `${node.maxPods}` };
    await api.create("/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: node.name,
        labels: {
          ...node.labels,
          ...(node.zone && { "topology.kubernetes.io/zone": node.zone, "topology.kubernetes.io/region": "westeurope" }),
          "kubernetes.io/arch": "amd64",
          "kubernetes.io/hostname": node.name,
        },
      },
      spec: {
        taints: node.taints,
        // AKS keeps a cluster's machines in a separate resource group, named like this.
        providerID: `azure:///subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mc_rg-${cluster}_${cluster}_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets/${node.name}/virtualMachines/0`,
      },
      status: {
        allocatable: resources,
        capacity: resources,
        daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      },
    });
  }
  await createSystemPods(api);
  // Enough for several stacks.
  await createDisks(api, "managed-csi-premium", 45);
}

/** These pods request what capacity.ts reserves for AKS's own pods, so that the scheduler decides by the numbers of the capacity check. */
async function createSystemPods(api: KubernetesApi): Promise<void> {
  const labels = { app: "aks-system" };
  await api.create("/apis/apps/v1/namespaces/kube-system/daemonsets", {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "aks-system" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name: "aks-system",
              image: "aks-system",
              resources: { requests: { cpu: `${AKS_DAEMONSETS.cpu}m`, memory: `${AKS_DAEMONSETS.memory}Mi` } },
            },
          ],
        },
      },
    },
  });
}

/** Creates a StorageClass and its disks, each in one zone like Azure's. No provisioner runs, so the disks must exist beforehand. */
export async function createDisks(
  api: KubernetesApi,
  storageClassName: string,
  count: number,
  isDefault = false,
): Promise<void> {
  await api.create("/apis/storage.k8s.io/v1/storageclasses", {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: storageClassName,
      annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault) },
    },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  for (let i = 0; i < count; i++) {
    await api.create("/api/v1/persistentvolumes", {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: `${storageClassName}-${i}` },
      spec: {
        capacity: { storage: "64Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName,
        persistentVolumeReclaimPolicy: "Retain",
        hostPath: { path: `/disks/${storageClassName}/${i}` },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: "topology.kubernetes.io/zone", operator: "In", values: [ZONES[i % ZONES.length]] },
                ],
              },
            ],
          },
        },
      },
    });
  }
}
