import type { Manifest } from "../../components/helm/manifest.ts";
import { AKS_DAEMONSETS, allocatable, type PoolSize } from "../../components/nodePool/capacity.ts";
import { parseCpu, parseMemory, type Quantities } from "../../components/quantities.ts";
import { admittedRequests, type ComparedStack, createdPool, loggingPool } from "./comparedStack.ts";

/** What the pods of a stack request, and what its nodes offer. */
export interface Sizing {
  /** Requests of all pods except those that run on every node: millicores, MiB. */
  readonly requested: { readonly pods: number; readonly cpu: number; readonly memory: number };
  /** What the pool offers at its largest, after the kubelet, AKS's own pods and our agent on each node: millicores, MiB. */
  readonly offered?: { readonly nodes: number; readonly cpu: number; readonly memory: number };
  /** The created pool as text: `3 to 5 × Standard_D4s_v5, 128 GiB Managed disk each`. */
  readonly nodes?: string;
  /** Volumes by storage class, in GiB. */
  readonly volumes: Readonly<Record<string, { readonly count: number; readonly gib: number }>>;
}

/** Adds up what the rendered objects request, and what the pool offers. */
export function sizing({ releases, resources }: ComparedStack): Sizing {
  const objects = releases.flatMap((release) => release.objects);
  const workloads = [
    ...objects.filter(({ kind }) => ["StatefulSet", "Deployment"].includes(kind)),
    ...plannedAs("kubernetes:apps/v1:Deployment", resources),
  ];
  const raised = admittedRequests(resources);
  const agents = objects.filter(({ kind }) => kind === "DaemonSet").map((agent) => podRequests(agent, raised));
  const requested = workloads.map((w) => ({ ...podRequests(w, raised), pods: replicasOf(w) }));
  const [pool, created] = [loggingPool(resources), createdPool(resources)];
  return {
    requested: {
      pods: sum(requested, ({ pods }) => pods),
      cpu: sum(requested, ({ pods, cpu }) => pods * cpu),
      memory: sum(requested, ({ pods, memory }) => pods * memory),
    },
    ...(pool && { offered: offeredBy(pool, agents) }),
    ...(created && { nodes: nodesText(created) }),
    volumes: volumesOf(workloads, plannedAs("kubernetes:core/v1:PersistentVolumeClaim", resources)),
  };
}

/** Objects that the stack creates itself, and not in a release. */
const plannedAs = (type: string, resources: ComparedStack["resources"]): Manifest[] =>
  resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs as unknown as Manifest);

function offeredBy(
  pool: PoolSize,
  agents: ReadonlyArray<{ cpu: number; memory: number }>,
): NonNullable<Sizing["offered"]> {
  const node = allocatable(pool.vm, pool.maxPods);
  return {
    nodes: pool.nodes,
    cpu: pool.nodes * (node.cpu - AKS_DAEMONSETS.cpu - sum(agents, ({ cpu }) => cpu)),
    memory: pool.nodes * (node.memory - AKS_DAEMONSETS.memory - sum(agents, ({ memory }) => memory)),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: any workload.
const specOf = (workload: Manifest): any => workload.spec ?? {};

const replicasOf = (workload: Manifest): number => Number(specOf(workload).replicas ?? 1);

function podRequests(workload: Manifest, raised: (requests: Quantities) => Quantities): Quantities {
  const containers: Array<{ resources?: { requests?: Record<string, unknown> } }> =
    specOf(workload).template?.spec?.containers ?? [];
  const each = containers.map(({ resources: { requests = {} } = {} }) =>
    raised({
      cpu: parseCpu(String(requests.cpu ?? "0")) ?? 0,
      memory: parseMemory(String(requests.memory ?? "0")) ?? 0,
    }),
  );
  return { cpu: sum(each, ({ cpu }) => cpu), memory: sum(each, ({ memory }) => memory) };
}

function volumesOf(workloads: readonly Manifest[], claims: readonly Manifest[]): Sizing["volumes"] {
  const volumes: Record<string, { count: number; gib: number }> = {};
  const add = (claim: Manifest, replicas: number): void => {
    const { storageClassName = "the default class", resources } = specOf(claim);
    const each = (parseMemory(String(resources?.requests?.storage ?? "")) ?? 0) / 1024;
    const { count, gib } = volumes[storageClassName] ?? { count: 0, gib: 0 };
    volumes[storageClassName] = { count: count + replicas, gib: gib + replicas * each };
  };
  for (const workload of workloads)
    for (const template of specOf(workload).volumeClaimTemplates ?? []) add(template, replicasOf(workload));
  for (const claim of claims) add(claim, 1);
  return volumes;
}

function nodesText(pool: Readonly<Record<string, unknown>>): string {
  const count = pool.enableAutoScaling ? `${pool.minCount} to ${pool.maxCount}` : `${pool.count}`;
  return `${count} × ${pool.vmSize}, ${pool.osDiskSizeGB} GiB ${pool.osDiskType} disk each`;
}

const sum = <T>(list: readonly T[], of: (entry: T) => number): number =>
  list.reduce((total, entry) => total + of(entry), 0);

/** Changes of nodes and disks, one line each. Without prices: they differ by region and contract. */
export function costChanges(before: Sizing, after: Sizing): string[] {
  const lines: string[] = [];
  if (before.nodes !== after.nodes) lines.push(`nodes: ${before.nodes ?? "no pool"} → ${after.nodes ?? "no pool"}`);
  for (const name of [...new Set([...Object.keys(before.volumes), ...Object.keys(after.volumes)])].sort()) {
    const text = ({ count, gib } = { count: 0, gib: 0 }) => `${count} of ${gib} GiB together`;
    const [old, now] = [text(before.volumes[name]), text(after.volumes[name])];
    if (old !== now) lines.push(`disks, ${name}: ${old} → ${now}`);
  }
  return lines;
}

/** `9.5 CPU, 21.3 GiB`. */
export const amount = ({ cpu, memory }: { readonly cpu: number; readonly memory: number }): string =>
  `${round(cpu / 1000)} CPU, ${round(memory / 1024)} GiB`;

const round = (n: number): string => String(Math.round(n * 10) / 10);
