import type { Quantities } from "../quantities.ts";
import { textTable } from "../textTable.ts";

/** What one VM offers. */
export interface VmCapacity {
  /** vCPUs. */
  readonly cpu: number;
  /** Memory as Azure states it, GiB. */
  readonly memoryGiB: number;
  /** Data disks that can be attached. */
  readonly dataDisks: number;
}

/** Pods of one workload to place on the pool. */
export interface Workload extends Quantities {
  readonly name: string;
  readonly replicas: number;
  /** Pods of the workload refuse to share a host (the chart's required pod anti-affinity on the host name). */
  readonly onePerHost: boolean;
  /** Disks that one pod attaches. */
  readonly disks: number;
}

/** The pool at its largest. */
export interface PoolSize {
  readonly vm: VmCapacity;
  readonly maxPods: number;
  readonly nodes: number;
}

/** The result of the capacity check. */
export interface CapacityReport {
  readonly fits: boolean;
  /** What one node offers after the kubelet's reservation and the DaemonSets. */
  readonly perNode: Quantities & { readonly pods: number; readonly disks: number };
  readonly workloads: readonly Workload[];
  readonly pool: PoolSize;
  /** Workloads with a pod that did not fit. */
  readonly unplaced: readonly string[];
}

/**
 * Pods that AKS runs on every Linux node. Azure does not document them; the figures were measured on clusters. azure-cns,
 * ip-masq-agent, cloud-node-manager, csi-azuredisk, csi-azurefile and kube-proxy request 350m / 470Mi. The network policy agent and
 * Container Insights, if they run, request the rest.
 */
export const AKS_DAEMONSETS: Quantities & { readonly pods: number } = {
  cpu: 350 + 50 + 150,
  memory: 470 + 300 + 550,
  pods: 8,
};

/**
 * What the kubelet leaves to pods on an AKS node: CPU in millicores, memory in MiB (Kubernetes 1.29 and later).
 * https://learn.microsoft.com/azure/aks/node-resource-reservations
 */
export function allocatable(vm: VmCapacity, maxPods: number): Quantities {
  const nominal = vm.memoryGiB * 1024;
  // The operating system sees 2 to 3 % less than Azure's nominal size: 32094 MiB on a 32 GiB node.
  const visible = Math.floor(nominal * 0.97);
  const reserved = Math.min(20 * maxPods + 50, nominal * 0.25) + 100;
  return { cpu: vm.cpu * 1000 - reservedCpu(vm.cpu), memory: Math.floor(visible - reserved) };
}

const RESERVED_MILLICORES: ReadonlyArray<readonly [cores: number, millicores: number]> = [
  [1, 60],
  [2, 100],
  [4, 140],
  [8, 180],
  [16, 260],
  [32, 420],
  [64, 740],
];

const reservedCpu = (cores: number): number =>
  (RESERVED_MILLICORES.find(([size]) => cores <= size) ?? RESERVED_MILLICORES[RESERVED_MILLICORES.length - 1])?.[1] ??
  0;

/**
 * Checks that every pod fits on the pool at its largest.
 *
 * The scheduler places pods one by one and never moves one. So an unlucky order of arrival can leave no room for the last pod, even if a
 * perfect packing exists. The pods count as fitting only if all of them fit in every order tried, both with the emptiest node first (the
 * scheduler's default scoring) and with the fullest node first.
 */
export function checkCapacity(pool: PoolSize, agent: Quantities, workloads: readonly Workload[]): CapacityReport {
  const node = allocatable(pool.vm, pool.maxPods);
  const perNode = {
    cpu: node.cpu - AKS_DAEMONSETS.cpu - agent.cpu,
    memory: node.memory - AKS_DAEMONSETS.memory - agent.memory,
    pods: pool.maxPods - AKS_DAEMONSETS.pods - 1,
    disks: pool.vm.dataDisks,
  };
  const unplaced = new Set<string>();
  for (const order of arrivalOrders(workloads)) {
    for (const emptiestFirst of [true, false]) {
      for (const name of place(order, perNode, pool.nodes, emptiestFirst)) unplaced.add(name);
    }
  }
  return { fits: unplaced.size === 0, perNode, workloads, pool, unplaced: [...unplaced] };
}

type Node = { cpu: number; memory: number; pods: number; disks: number; hosts: Set<string> };

/** Names of the pods in `order` that no node has room for. */
function place(
  order: readonly Workload[],
  perNode: CapacityReport["perNode"],
  count: number,
  emptiestFirst: boolean,
): string[] {
  const nodes: Node[] = Array.from({ length: count }, () => ({ ...perNode, hosts: new Set<string>() }));
  return order.flatMap((pod) => {
    const room = nodes.filter(
      (n) =>
        n.cpu >= pod.cpu &&
        n.memory >= pod.memory &&
        n.pods >= 1 &&
        n.disks >= pod.disks &&
        !(pod.onePerHost && n.hosts.has(pod.name)),
    );
    room.sort((a, b) => (emptiestFirst ? free(b, perNode) - free(a, perNode) : free(a, perNode) - free(b, perNode)));
    const node = room[0];
    if (!node) return [pod.name];
    node.cpu -= pod.cpu;
    node.memory -= pod.memory;
    node.pods -= 1;
    node.disks -= pod.disks;
    node.hosts.add(pod.name);
    return [];
  });
}

const free = (node: Quantities, whole: Quantities): number => node.cpu / whole.cpu + node.memory / whole.memory;

/** Orders to try: largest first, smallest first, and one order per workload that puts it last. */
function arrivalOrders(workloads: readonly Workload[]): Workload[][] {
  const pods = (list: readonly Workload[]) => list.flatMap((w) => Array.from({ length: w.replicas }, () => w));
  const bySize = [...workloads].sort((a, b) => b.cpu - a.cpu || b.memory - a.memory);
  const rotations = workloads.map((_, i) => [...workloads.slice(i + 1), ...workloads.slice(0, i + 1)]);
  return [bySize, bySize.toReversed(), ...rotations].map(pods);
}

/** The capacity table in the output of `npm start` and in the error. */
export function formatCapacity(report: CapacityReport): string {
  const { pool, perNode, workloads } = report;
  const rows = [
    ["workload", "pods", "CPU each", "memory each", "one per host"],
    ...workloads.map((w) => [w.name, `${w.replicas}`, `${w.cpu}m`, `${w.memory}Mi`, w.onePerHost ? "yes" : "no"]),
    [
      "sum",
      `${total(workloads, () => 1)}`,
      `${total(workloads, (w) => w.cpu)}m`,
      `${total(workloads, (w) => w.memory)}Mi`,
      "",
    ],
    [
      "pool",
      `${perNode.pods * pool.nodes}`,
      `${perNode.cpu * pool.nodes}m`,
      `${perNode.memory * pool.nodes}Mi`,
      `${pool.nodes} hosts`,
    ],
  ];
  return [
    ...textTable(rows, (column) => column > 0),
    `one node of ${pool.vm.cpu} vCPU / ${pool.vm.memoryGiB} GiB leaves ${perNode.cpu}m and ${perNode.memory}Mi after the kubelet's reserve, AKS's own pods and Alloy`,
  ].join("\n");
}

const total = (workloads: readonly Workload[], of: (workload: Workload) => number): number =>
  workloads.reduce((sum, w) => sum + w.replicas * of(w), 0);
