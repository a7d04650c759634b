// The capacity check against the real scheduler: it always places an accepted set of pods, and mostly cannot place a refused one.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { lokiArgs } from "../../../components/loki/args.ts";
import { lokiWorkloads } from "../../../components/loki/workloads.ts";
import {
  AKS_DAEMONSETS,
  allocatable,
  type CapacityReport,
  checkCapacity,
  type PoolSize,
  type Workload,
} from "../../../components/nodePool/capacity.ts";
import { AZURE_VM_SIZES } from "../../../components/nodePool/vmSizes.ts";
import { figure, timed } from "../../harness/figures.ts";
import type { KubernetesApi, KubernetesObject } from "../../harness/kubernetes/kubernetesApi.ts";
import { until } from "../../harness/processes.ts";
import { sharedEnvironment } from "../deployedStacks.ts";

const POOLS = 200;
const AT_ONCE = 20;
const NAMESPACE = "capacity";
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const seed = Number(process.env.CAPACITY_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Alloy's requests. The check subtracts them from each node; here a pod on each node does. */
const AGENT = { cpu: 100, memory: 256 };

interface Case {
  readonly pool: PoolSize;
  readonly workloads: readonly Workload[];
  /** Indices of pods in the order in which they arrive. */
  readonly order: readonly number[];
  readonly report: CapacityReport;
}

const cases = fc
  .record({
    size: fc.constantFrom(
      ...[
        "Standard_D2s_v5",
        "Standard_D4s_v5",
        "Standard_D8s_v5",
        "Standard_E4s_v5",
        "Standard_E8s_v5",
        "Standard_D16s_v5",
      ],
    ),
    nodes: fc.integer({ min: 1, max: 8 }),
    maxPods: fc.constantFrom(30, 60, 110),
    replicas: fc.record({
      write: fc.integer({ min: 1, max: 6 }),
      read: fc.integer({ min: 1, max: 6 }),
      backend: fc.integer({ min: 1, max: 4 }),
      gateway: fc.integer({ min: 1, max: 4 }),
    }),
    cpu: fc.constantFrom("250m", "500m", "1", "1500m", "2", "3"),
    memory: fc.constantFrom("512Mi", "1Gi", "2Gi", "4Gi", "6Gi"),
    backendCpu: fc.constantFrom("250m", "500m", "1"),
    chunksMiB: fc.constantFrom(0, 512, 1024, 4096),
    resultsMiB: fc.constantFrom(0, 256, 1024),
    order: fc.infiniteStream(fc.nat()),
  })
  .map(({ size, nodes, maxPods, replicas, cpu, memory, backendCpu, chunksMiB, resultsMiB, order }): Case => {
    const resources = { requests: { cpu, memory }, limits: { memory } };
    const loki = lokiArgs.parse({
      write: { replicas: replicas.write, resources },
      read: { replicas: replicas.read, resources },
      backend: {
        replicas: replicas.backend,
        resources: { requests: { cpu: backendCpu, memory }, limits: { memory } },
      },
      gateway: { replicas: replicas.gateway },
      caches: { chunksMiB, resultsMiB },
    });
    const workloads = lokiWorkloads(loki);
    const vm = AZURE_VM_SIZES.get(size);
    if (!vm) throw new Error(size);
    const pool = { vm, maxPods, nodes };
    const pods = workloads.reduce((n, w) => n + w.replicas, 0);
    const keys = [...order.take(pods)];
    return {
      pool,
      workloads,
      order: keys.map((_, i) => i).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0)),
      report: checkCapacity(pool, AGENT, workloads),
    };
  });

describe("the capacity check", { timeout: 900_000 }, () => {
  it(`agrees with the scheduler over ${POOLS} random pools`, async () => {
    const { api } = (await sharedEnvironment()).deployments["prod-aks-a"].cluster;
    await api.create("/api/v1/namespaces", { metadata: { name: NAMESPACE } });
    await until("the namespace's service account", () =>
      api.get(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`),
    );
    const sample = fc.sample(cases, { seed, numRuns: POOLS });
    const wronglyAccepted: string[] = [];
    const placedAlthoughRefused: string[] = [];
    await timed(`  ${POOLS} pools scheduled`, async () => {
      for (let begin = 0; begin < POOLS; begin += AT_ONCE) {
        const batch = sample.slice(begin, begin + AT_ONCE);
        const placed = await schedule(api, batch, begin);
        batch.forEach((one, i) => {
          if (one.report.fits && !placed[i]) wronglyAccepted.push(describeCase(one));
          if (!one.report.fits && placed[i]) placedAlthoughRefused.push(describeCase(one));
        });
      }
    });
    const refused = sample.filter(({ report }) => !report.fits).length;
    figure("  seed of the pools (CAPACITY_SEED)", seed);
    figure("  pools accepted, all of them placed", `${POOLS - refused}`);
    figure("  pools refused, and Pending", `${refused}, ${refused - placedAlthoughRefused.length}`);
    for (const text of placedAlthoughRefused) figure("  refused and placed all the same", text);
    assert.deepEqual(wronglyAccepted, [], `seed ${seed}`);
    assert.ok(refused > 20 && refused < POOLS - 20, `${refused} refused: the pools do not test both answers`);
    assert.ok(
      placedAlthoughRefused.length <= atMost(refused),
      `seed ${seed}: more than ${atMost(refused)} of ${refused}: ${placedAlthoughRefused.join("\n")}`,
    );
  });
});

/**
 * The limit of a sample for an event of at most 5 %: three deviations above it. The check refuses a set if any order of arrival leaves out a
 * pod; here each set arrives in one order. Of 502 refused sets in four samples, 22 were placed (4.4 %), 9 of them in one sample.
 */
const atMost = (refused: number): number => Math.floor(refused * 0.05 + 3 * Math.sqrt(refused * 0.05 * 0.95));

const describeCase = ({ pool, workloads }: Case): string =>
  `${pool.nodes} × ${pool.vm.cpu} vCPU ${pool.vm.memoryGiB} GiB, maxPods ${pool.maxPods}: ${workloads.map((w) => `${w.name} ${w.replicas} × ${w.cpu}m ${w.memory}Mi`).join(", ")}`;

/** Whether the scheduler placed every pod of each case. Each case has separate nodes, by a label. */
async function schedule(api: KubernetesApi, batch: readonly Case[], begin: number): Promise<boolean[]> {
  const nodes = batch.flatMap(({ pool }, i) =>
    Array.from({ length: pool.nodes }, (_, n) => ({ name: `pool-${begin + i}-${n}`, pool, label: `${begin + i}` })),
  );
  await Promise.all(nodes.map((node) => createNode(api, node)));
  await until("the nodes of the pools", () => areRunning(api, nodes.length), { timeoutMs: 120_000 });
  await Promise.all(nodes.map(({ name, label }) => api.create(PODS, nodePod(name, label))));
  await Promise.all(batch.map((one, i) => createWorkloadPods(api, one, `${begin + i}`)));
  const pods = await until("the scheduler's decision on every pod", () => decidedPods(api), { timeoutMs: 120_000 });
  const placed = batch.map((_, i) =>
    pods.filter(({ metadata }) => metadata.labels?.capacity === `${begin + i}`).every(({ spec }) => spec.nodeName),
  );
  await api.call("DELETE", `${PODS}?gracePeriodSeconds=0`);
  await until("the end of the pods", async () => (await api.list(PODS)).length === 0, { timeoutMs: 120_000 });
  await Promise.all(nodes.map(({ name }) => api.call("DELETE", `/api/v1/nodes/${name}`)));
  return placed;
}

async function areRunning(api: KubernetesApi, count: number): Promise<boolean> {
  const nodes = await api.list("/api/v1/nodes?labelSelector=capacity");
  return (
    nodes.length === count && nodes.every(({ spec, status }) => !spec.taints?.length && status.phase === "Running")
  );
}

/** Creates the pods one after the other: the order of arrival is part of the case. */
async function createWorkloadPods(api: KubernetesApi, { workloads, order }: Case, label: string): Promise<void> {
  const pods = workloads.flatMap((workload) =>
    Array.from({ length: workload.replicas }, (_, n) => workloadPod(workload, n, label)),
  );
  for (const at of order) await api.create(PODS, pods[at]);
}

/** All pods, once the scheduler has placed or refused each of them. */
async function decidedPods(api: KubernetesApi): Promise<KubernetesObject[] | false> {
  const all = await api.list(PODS);
  const isRefused = (c: { type: string; status: string }) => c.type === "PodScheduled" && c.status === "False";
  return all.every(({ spec, status }) => spec.nodeName || status.conditions?.some(isRefused)) && all;
}

function createNode(
  api: KubernetesApi,
  { name, pool, label }: { name: string; pool: PoolSize; label: string },
): Promise<void> {
  const { cpu, memory } = allocatable(pool.vm, pool.maxPods);
  const resources = { cpu: `${cpu}m`, memory: `${memory}Mi`, pods: `${pool.maxPods}` };
  const zone = `westeurope-${(Number(name.split("-").at(-1)) % 3) + 1}`;
  // Without the label of the operating system, no DaemonSet of the stacks runs here. nodePod requests the same instead.
  return api.create("/api/v1/nodes", {
    metadata: {
      name,
      labels: { capacity: label, "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone },
    },
    status: { allocatable: resources, capacity: resources },
  });
}

const container = (cpu: number, memory: number) => [
  { name: "c", image: "c", resources: { requests: { cpu: `${cpu}m`, memory: `${memory}Mi` } } },
];

/** Requests of AKS's own pods and Alloy on a node. Their number does not matter: none of these pools comes near maxPods. */
const nodePod = (node: string, label: string) => ({
  metadata: { name: `system-${node}`, labels: { capacity: label } },
  spec: { nodeName: node, containers: container(AKS_DAEMONSETS.cpu + AGENT.cpu, AKS_DAEMONSETS.memory + AGENT.memory) },
});

const workloadPod = ({ name, cpu, memory, onePerHost }: Workload, n: number, label: string) => {
  const labels = { capacity: label, workload: name };
  const labelSelector = { matchLabels: labels };
  return {
    metadata: { name: `${name}-${label}-${n}`, labels },
    spec: {
      nodeSelector: { capacity: label },
      containers: container(cpu, memory),
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway", labelSelector },
      ],
      ...(onePerHost && {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname", labelSelector }],
          },
        },
      }),
    },
  };
};
