// Only a change that Azure refuses on a pool creates a new pool.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { resolveArgs } from "../../../../components/args.ts";
import { createLoggingNodePool } from "../../../../components/nodePool/agentPool.ts";
import { nodePoolArgs } from "../../../../components/nodePool/args.ts";
import { LOGGING_WORKLOAD, nodePoolName } from "../../../../components/nodePool/placement.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, plan, planOf, resource, stackFile } from "../../../harness/plannedStack.ts";
import { registrations } from "../../../harness/registrations.ts";
import { existingPool } from "../../stack/configErrors/mistakes.ts";

/** Registers the pool and returns the inputs that are sent to Azure. */
async function poolOf(change: (pool: Loose) => void): Promise<Loose> {
  const { args } = await load(
    stackFile((c) => {
      // Large enough for every change.
      Object.assign(c.nodePool, { vmSize: "Standard_D8s_v5" });
      change(c.nodePool);
    }),
  );
  const { created } = resolveArgs(args).nodePool;
  assert.ok(created);
  const { sent } = await registrations(
    () => new Promise((done) => createLoggingNodePool("logging", created, {}).urn.apply(done)),
  );
  return sent
    .find((r) => r.getName() === "logging-node-pool")
    ?.getObject()
    ?.toJavaScript();
}

const IMMUTABLE: Record<string, (pool: Loose) => void> = {
  vmSize: (p) => {
    p.vmSize = "Standard_D8s_v6";
  },
  subnetId: (p) => {
    p.subnetId = p.subnetId.replace("snet-logging", "snet-other");
  },
  podSubnetId: (p) => {
    p.podSubnetId = p.subnetId;
  },
  zones: (p) => {
    p.zones = ["1", "2"];
  },
  maxPods: (p) => {
    p.maxPods = 61;
  },
  osDiskType: (p) => {
    // With vmCapacity, because the size itself has no local disk.
    Object.assign(p, { osDiskType: "Ephemeral", vmCapacity: { cpu: 8, memoryGiB: 32, dataDisks: 16 } });
  },
  osDiskSizeGiB: (p) => {
    p.osDiskSizeGiB = 256;
  },
  "containerLogs.maxSizeMb": (p) => {
    p.containerLogs = { maxSizeMb: 100 };
  },
  "containerLogs.maxFiles": (p) => {
    p.containerLogs = { maxFiles: 6 };
  },
};

const MUTABLE: Record<string, (pool: Loose) => void> = {
  minCount: (p) => {
    p.minCount = 4;
  },
  maxCount: (p) => {
    p.maxCount = 9;
  },
  autoscaling: (p) => {
    p.minCount = 5;
  },
  osSku: (p) => {
    p.osSku = "AzureLinux";
  },
  "osSku with Trusted Launch": (p) => {
    p.osSku = "AzureContainerLinux";
  },
  maxSurge: (p) => {
    p.maxSurge = "33%";
  },
  drainTimeoutMinutes: (p) => {
    p.drainTimeoutMinutes = 60;
  },
  tags: (p) => {
    p.tags = { owner: "platform" };
  },
  vmCapacity: (p) => {
    p.vmCapacity = { cpu: 8, memoryGiB: 31, dataDisks: 16 };
  },
  "the order of the zones": (p) => {
    p.zones = ["3", "1", "2"];
  },
};

let unchanged: Promise<Loose> | undefined;
const unchangedPool = (): Promise<Loose> => {
  unchanged ??= poolOf(() => {});
  return unchanged;
};

describe("a new pool is created", () => {
  for (const [what, change] of Object.entries(IMMUTABLE)) {
    it(`by a change of ${what}`, async () => {
      const [before, after] = [await unchangedPool(), await poolOf(change)];
      const { agentPoolName: oldName, ...oldInputs } = before;
      const { agentPoolName: newName, ...newInputs } = after;
      assert.notDeepEqual(newInputs, oldInputs, "the change reaches Azure");
      assert.notEqual(newName, oldName);
    });
  }
});

describe("no new pool is created", () => {
  for (const [what, change] of Object.entries(MUTABLE)) {
    it(`by a change of ${what}`, async () => {
      assert.equal((await poolOf(change)).agentPoolName, (await unchangedPool()).agentPoolName);
    });
  }
});

it("every setting of a pool is tested as one or the other", () => {
  const create = nodePoolArgs.options.find((o) => o.shape.mode.value === "create");
  const settings = Object.keys(create?.shape ?? {}).filter((key) => key !== "mode");
  const tested = [...Object.keys(IMMUTABLE), ...Object.keys(MUTABLE)].map((key) => key.split(".")[0]);
  assert.deepEqual(
    settings.filter((key) => !tested.includes(key)),
    [],
  );
});

describe("the pool's name", () => {
  const settings = fc.record({
    vmSize: fc.string(),
    subnetId: fc.string(),
    podSubnetId: fc.string(),
    zones: fc.uniqueArray(fc.constantFrom("1", "2", "3")),
    maxPods: fc.integer(),
    osDiskType: fc.constantFrom("Managed" as const, "Ephemeral" as const),
    osDiskSizeGiB: fc.integer(),
    containerLogs: fc.record({ maxSizeMb: fc.integer(), maxFiles: fc.integer() }),
  });

  it("is valid in AKS, whatever the settings", () => {
    fc.assert(fc.property(settings, (pool) => /^[a-z][a-z0-9]{0,11}$/.test(nodePoolName(pool))));
  });

  it("is the same for the same settings, and differs for others", () => {
    const canonical = (pool: { zones: string[] }) => JSON.stringify({ ...pool, zones: pool.zones.toSorted() });
    fc.assert(
      fc.property(settings, settings, (a, b) => {
        assert.equal(nodePoolName(a), nodePoolName(structuredClone(a)));
        assert.equal(nodePoolName(a) === nodePoolName(b), canonical(a) === canonical(b));
      }),
    );
  });

  it("does not change with an upgrade of this program, because that would replace the production pools", () => {
    assert.equal(
      nodePoolName({
        vmSize: "Standard_D4s_v5",
        subnetId: "/subnet",
        zones: ["1", "2", "3"],
        maxPods: 60,
        osDiskType: "Managed",
        osDiskSizeGiB: 128,
        containerLogs: { maxSizeMb: 50, maxFiles: 5 },
      }),
      "log4040eb98",
    );
  });
});

it("only Azure Container Linux turns Trusted Launch on, which AKS creates it with", async () => {
  const { securityProfile } = await poolOf((p) => {
    p.osSku = "AzureContainerLinux";
  });
  assert.deepEqual(securityProfile, { enableSecureBoot: true, enableVTPM: true });
  assert.equal((await poolOf(() => {})).securityProfile, undefined);
});

describe("an existing pool", () => {
  const placementOf = async (more: object): Promise<Loose> => {
    const planned = await plan(stackFile((c) => existingPool(c, more)));
    return resource(planned, "logging-loki").inputs.values;
  };
  const spot = { key: "kubernetes.azure.com/scalesetpriority", value: "spot" };

  it("of spot nodes is selected by AKS's own label, and its taint tolerated", async () => {
    const values = await placementOf({ label: spot, taint: { ...spot, effect: "NoSchedule" } });
    for (const place of ["defaults", "gateway", "chunksCache", "resultsCache"]) {
      assert.deepEqual(values[place].nodeSelector, { [spot.key]: "spot" }, place);
      assert.deepEqual(values[place].tolerations, [{ ...spot, operator: "Equal", effect: "NoSchedule" }], place);
    }
  });

  it("may have several taints, with and without a value", async () => {
    const taints = [
      { ...spot, effect: "NoSchedule" },
      { key: "CriticalAddonsOnly", value: "true", effect: "NoExecute" },
      { key: "team-a/reserved", effect: "PreferNoSchedule" },
    ];
    const { tolerations } = (await placementOf({ taints })).defaults;
    assert.deepEqual(
      tolerations,
      taints.map((taint) => ({ value: "", ...taint, operator: "Equal" })),
    );
  });
});

it("label, taint, selectors and tolerations agree", async () => {
  const planned = await planOf("prod-aks-a");
  const { key, value, effect } = LOGGING_WORKLOAD;
  assert.deepEqual({ key, value, effect }, { key: "workload", value: "logging", effect: "NoSchedule" });
  const pool = resource(planned, "logging-node-pool").inputs;
  assert.deepEqual(pool.nodeLabels, { [key]: value });
  assert.deepEqual(pool.nodeTaints, [`${key}=${value}:${effect}`]);
  const values = resource(planned, "logging-loki").inputs.values as Loose;
  for (const place of ["defaults", "gateway", "chunksCache", "resultsCache"]) {
    assert.deepEqual(values[place].nodeSelector, pool.nodeLabels, place);
    assert.deepEqual(values[place].tolerations, [{ key, operator: "Equal", value, effect }], place);
  }
});

it("zones and maxSurge may be numbers, as Azure's CLI takes them", async () => {
  const change = (zones: unknown, maxSurge: unknown) => poolOf((pool) => Object.assign(pool, { zones, maxSurge }));
  assert.deepEqual(await change([1, 2], 2), await change(["1", "2"], "2"));
});
