// The capacity check: pods that it accepts do fit.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { agentRequests } from "../../../../components/alloy/requests.ts";
import { admitted, type Safeguards } from "../../../../components/cluster/safeguards.ts";
import { lokiArgs } from "../../../../components/loki/args.ts";
import { lokiWorkloads } from "../../../../components/loki/workloads.ts";
import {
  allocatable,
  checkCapacity,
  formatCapacity,
  type VmCapacity,
  type Workload,
} from "../../../../components/nodePool/capacity.ts";
import { AZURE_VM_SIZES } from "../../../../components/nodePool/vmSizes.ts";
import { planOf, problemAt, refusal, stackFile } from "../../../harness/plannedStack.ts";

const vm = (name: string): VmCapacity => {
  const size = AZURE_VM_SIZES.get(name);
  assert.ok(size, name);
  return size;
};

describe("the room that a node leaves to pods:", () => {
  // From AKS's own formula, and from the memory seen on nodes of these sizes.
  const SEEN = [
    ["Standard_D4s_v5", 30, 3860, 15240],
    ["Standard_D4s_v5", 110, 3860, 13640],
    ["Standard_D4ds_v5", 250, 3860, 11795],
    ["Standard_D8s_v5", 30, 7820, 31344],
    ["Standard_D8s_v5", 110, 7820, 29744],
    ["Standard_D8s_v5", 250, 7820, 26944],
    ["Standard_E4s_v5", 110, 3860, 29744],
  ] as const;
  for (const [size, maxPods, cpu, memory] of SEEN) {
    it(`${size} with ${maxPods} pods is within 3 % of the memory seen`, () => {
      const node = allocatable(vm(size), maxPods);
      assert.equal(node.cpu, cpu);
      assert.ok(Math.abs(node.memory - memory) <= memory * 0.03, `${node.memory} and not ${memory}`);
    });
  }

  it("the number of disks is that of the VM size", () => {
    const disks = { Standard_D4s_v5: 8, Standard_D8s_v5: 16, Standard_D4ds_v5: 8, Standard_D8ds_v5: 16 };
    for (const [size, count] of Object.entries(disks)) assert.equal(vm(size).dataDisks, count);
    assert.equal(vm("Standard_E4s_v5").dataDisks, 8);
  });
});

const AGENT = { cpu: 100, memory: 256 };
const pool = (size: string, nodes: number, maxPods = 60) => ({ vm: vm(size), maxPods, nodes });
const production = (): Workload[] => {
  return lokiWorkloads(lokiArgs.parse({}));
};

describe("production's Loki", () => {
  it("fits on five nodes of 4 vCPU, and on four", () => {
    for (const nodes of [5, 4])
      assert.ok(checkCapacity(pool("Standard_D4s_v5", nodes), AGENT, production()).fits, `${nodes}`);
  });

  it("does not fit on three, which have the CPU but not in every order of arrival, nor on two of any size", () => {
    const three = checkCapacity(pool("Standard_D4s_v5", 3), AGENT, production());
    assert.equal(three.fits, false);
    const two = checkCapacity(pool("Standard_D32s_v5", 2), AGENT, production());
    assert.deepEqual([...two.unplaced].sort(), ["read", "write"]);
  });

  it("does not fit on full nodes with the chart's default cache size", () => {
    const workloads = production().map((w) => (w.name === "chunks-cache" ? { ...w, memory: 9830 + 32 } : w));
    assert.equal(checkCapacity(pool("Standard_D4s_v5", 4), AGENT, workloads).fits, false);
  });

  it("counts every pod in the values", async () => {
    const { capacity } = await planOf("prod-aks-a");
    assert.deepEqual(
      capacity?.workloads.map((w) => [w.name, w.replicas, w.cpu, w.memory, w.onePerHost, w.disks]),
      [
        ["write", 3, 1000, 2048, true, 1],
        ["read", 3, 1000, 2048, true, 0],
        ["backend", 2, 1000, 2048, true, 1],
        ["gateway", 2, 200, 228, true, 0],
        ["chunks-cache", 1, 300, 1229 + 100, false, 0],
        ["results-cache", 1, 200, 307 + 100, false, 0],
        ["canary", 1, 100, 100, false, 0],
      ],
    );
  });

  it("is shown as a table with the sum, the pool and one node", () => {
    const table = formatCapacity(checkCapacity(pool("Standard_D4s_v5", 5), AGENT, production()));
    assert.match(table, /^workload +pods +CPU each +memory each +one per host$/m);
    assert.match(table, /^sum +13 +9000m +18676Mi$/m);
    assert.match(table, /^pool +\d+ +\d+m +\d+Mi +5 hosts$/m);
    assert.match(table, /^one node of 4 vCPU \/ 16 GiB leaves \d+m and \d+Mi/m);
  });
});

describe("requests that Deployment Safeguards raise", () => {
  const small = lokiArgs.parse({
    gateway: { resources: { requests: { cpu: "50m", memory: "32Mi" }, limits: { memory: "64Mi" } } },
    caches: { chunksMiB: 64, resultsMiB: 0 },
  });
  const requests = (safeguards: Safeguards) =>
    lokiWorkloads(small, admitted(safeguards))
      .filter(({ name }) => /gateway|cache/.test(name))
      .map(({ name, cpu, memory }) => [name, cpu, memory]);

  it("are counted as raised, for each container alone", () => {
    assert.deepEqual(requests("none"), [
      ["gateway", 150, 132],
      ["chunks-cache", 300, 177],
    ]);
    assert.deepEqual(requests("Enforce"), [
      ["gateway", 200, 200],
      ["chunks-cache", 300, 200],
    ]);
    assert.deepEqual(admitted("Enforce")({ cpu: 250, memory: 99 }), { cpu: 250, memory: 100 });
  });

  it("are counted for the container beside Alloy too", () => {
    const alloy = { requests: { cpu: "100m", memory: "256Mi" } };
    assert.deepEqual(agentRequests(alloy), { cpu: 110, memory: 320 });
    assert.deepEqual(agentRequests(alloy, admitted("Enforce")), { cpu: 200, memory: 356 });
  });

  it("are none of production's: it fits the same with them", () => {
    assert.deepEqual(lokiWorkloads(lokiArgs.parse({}), admitted("Enforce")), production());
  });

  it("decide whether the pods fit", async () => {
    const tight = (safeguards: Safeguards) =>
      stackFile((c) => {
        c.cluster.safeguards = safeguards;
        c.loki.canary = false;
        c.loki.gateway = { resources: { requests: { cpu: "1m", memory: "1Mi" }, limits: { memory: "64Mi" } } };
        c.loki.caches = { chunksMiB: 0, resultsMiB: 0 };
        // Three nodes with one pod of every kind leave a little over 100m, which only the raised requests exceed.
        Object.assign(c.nodePool, { vmSize: "Standard_X", minCount: 3, maxCount: 3 });
        c.nodePool.vmCapacity = { cpu: 4, memoryGiB: 64, dataDisks: 8 };
        const each = { requests: { cpu: "1030m", memory: "2Gi" }, limits: { memory: "4Gi" } };
        for (const name of ["write", "read", "backend"]) c.loki[name].resources = each;
      });
    assert.equal((await refusal(tight("none")))?.message, undefined);
    const { text } = problemAt(await refusal(tight("Enforce")), "nodePool");
    assert.match(text, /these may not fit: /);
  });
});

describe("a pod does not fit if one limit alone is exceeded:", () => {
  const tiny = { cpu: 1, memory: 1, replicas: 1, onePerHost: false, disks: 0 };
  const cases: Array<[string, Workload[], number]> = [
    ["CPU", [{ ...tiny, name: "x", cpu: 4000 }], 60],
    ["memory", [{ ...tiny, name: "x", memory: 16000 }], 60],
    ["disks", [{ ...tiny, name: "x", replicas: 9, disks: 1 }], 60],
    ["pods", [{ ...tiny, name: "x", replicas: 2 }], 10],
    ["hosts", [{ ...tiny, name: "x", replicas: 2, onePerHost: true }], 60],
  ];
  for (const [what, workloads, maxPods] of cases) {
    it(what, () => {
      const size = pool("Standard_D4s_v5", 1, maxPods);
      assert.deepEqual(checkCapacity(size, AGENT, workloads).unplaced, ["x"]);
      assert.ok(checkCapacity(size, AGENT, [{ ...tiny, name: "x" }]).fits);
    });
  }
});

// Only Loki's own workloads, not arbitrary ones. The check places pods one by one as the scheduler does. With rare arbitrary workloads, one
// more pod would push the others into a better place.
describe("Loki of any usual size", () => {
  const loki = (write: number, read: number, backend: number, cpu: string, memory: string): Workload[] => {
    const resources = { requests: { cpu, memory }, limits: { memory: "16Gi" } };
    const args = {
      write: { replicas: write, resources },
      read: { replicas: read, resources },
      backend: { replicas: backend },
    };
    return lokiWorkloads(lokiArgs.parse(args));
  };
  const NODES = [3, 4, 5, 6, 7];
  const cases = ["Standard_D4s_v5", "Standard_D8s_v5"].flatMap((size) =>
    [
      ["500m", "1Gi"],
      ["1", "2Gi"],
      ["2", "4Gi"],
      ["1500m", "6Gi"],
    ].flatMap(([cpu, memory]) =>
      [3, 5].flatMap((write) => [3, 6].map((read) => ({ size, cpu, memory, write, read }) as const)),
    ),
  );
  const fits = (size: string, nodes: number, workloads: Workload[]) =>
    checkCapacity(pool(size, nodes), AGENT, workloads).fits;

  it("still fits on one more node", () => {
    let fitting = 0;
    for (const { size, cpu = "", memory = "", write, read } of cases) {
      const results = NODES.map((n) => fits(size, n, loki(write, read, 2, cpu, memory)));
      const first = results.indexOf(true);
      if (first >= 0) fitting += 1;
      assert.ok(
        first < 0 || results.slice(first).every(Boolean),
        `${size} ${cpu} ${memory} ${write} ${read}: ${results}`,
      );
    }
    assert.ok(fitting > 10 && fitting < cases.length, `${fitting} of ${cases.length} fit at all`);
  });

  it("does not begin to fit with one more replica", () => {
    for (const { size, cpu = "", memory = "", write, read } of cases) {
      for (const n of NODES.filter((n) => !fits(size, n, loki(write, read, 2, cpu, memory)))) {
        for (const [w, r, b] of [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ] as const)
          assert.ok(
            !fits(size, n, loki(write + w, read + r, 2 + b, cpu, memory)),
            `${size} ${n} ${cpu} ${memory} ${write} ${read}`,
          );
      }
    }
  });
});

describe("any workloads on any pool", () => {
  const workload = fc.record({
    replicas: fc.integer({ min: 1, max: 5 }),
    cpu: fc.integer({ min: 10, max: 4000 }),
    memory: fc.integer({ min: 16, max: 16_000 }),
    onePerHost: fc.boolean(),
    disks: fc.integer({ min: 0, max: 2 }),
  });
  const workloads = fc
    .array(workload, { minLength: 1, maxLength: 6 })
    .map((list): Workload[] => list.map((w, i) => ({ ...w, name: `w${i}` })));
  const size = fc.constantFrom("Standard_D4s_v5", "Standard_D8s_v5", "Standard_E8s_v5");
  const nodes = fc.integer({ min: 1, max: 8 });

  it("that fit request no more than the pool has, and have enough hosts if they do not share one", () => {
    fc.assert(
      fc.property(workloads, size, nodes, (list, name, n) => {
        const { fits, perNode } = checkCapacity(pool(name, n), AGENT, list);
        fc.pre(fits);
        const sum = (of: (w: Workload) => number) => list.reduce((total, w) => total + w.replicas * of(w), 0);
        assert.ok(sum((w) => w.cpu) <= perNode.cpu * n);
        assert.ok(sum((w) => w.memory) <= perNode.memory * n);
        assert.ok(sum((w) => w.disks) <= perNode.disks * n);
        for (const w of list) assert.ok(!w.onePerHost || w.replicas <= n);
      }),
      { numRuns: 300 },
    );
  });
});
