import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { agentPool } from "../../../../harness/pulumi/azure-native/agentPool.ts";
import { diff, type Properties } from "../../../../harness/pulumi/azure-native/kind.ts";
import { argsType, UNKNOWN } from "../../../../harness/pulumi/azure-native/sdkTypes.ts";

const { check, outputs, idOf, refusal, replacing } = agentPool;

const SUBNET =
  "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/aks";

const POOL: Properties = {
  resourceGroupName: "rg",
  resourceName: "prod-aks-a",
  agentPoolName: "log0a1b2c3d",
  type: "VirtualMachineScaleSets",
  mode: "User",
  osType: "Linux",
  osSKU: "AzureLinux",
  vmSize: "Standard_D4s_v5",
  osDiskType: "Managed",
  osDiskSizeGB: 128,
  availabilityZones: ["1", "2", "3"],
  vnetSubnetID: SUBNET,
  maxPods: 60,
  count: 3,
  enableAutoScaling: true,
  minCount: 3,
  maxCount: 6,
  nodeLabels: { workload: "logging", "example.com/tier": "a" },
  nodeTaints: ["workload=logging:NoSchedule"],
  kubeletConfig: { containerLogMaxSizeMB: 50, containerLogMaxFiles: 5 },
  upgradeSettings: { maxSurge: "33%", drainTimeoutInMinutes: 30 },
  tags: { team: "platform" },
};

const complaints = (changes: Properties) => check({ ...POOL, ...changes }).map(({ property }) => property);

describe("check", () => {
  test("takes a good pool, and the API version that the provider writes into the inputs", () => {
    assert.deepEqual(check({ ...POOL, azureApiVersion: "2025-09-01" }), []);
  });

  test("knows the SDK's arguments", () => {
    const args = argsType("containerservice/agentPool.d.ts", "AgentPoolArgs");
    assert.ok(args.size >= 52);
    assert.deepEqual(args.get("availabilityZones"), { required: false, holds: "list", type: "string" });
    assert.deepEqual(args.get("nodeLabels"), { required: false, holds: "map", type: "string" });
    assert.deepEqual(args.get("mode")?.values, ["System", "User", "Gateway"]);
  });

  test("names every problem at once, with property and reason", () => {
    const { resourceName: _, ...withoutCluster } = POOL;
    assert.deepEqual(check({ ...withoutCluster, maxPods: 251, zones: ["1"] }), [
      { property: "resourceName", reason: "missing required property 'resourceName'" },
      { property: "zones", reason: "'zones' is not a property of this type" },
      { property: "maxPods", reason: "'maxPods' must be a whole number from 10 to 250, is 251" },
    ]);
  });

  const REFUSED: [string, Properties, string[]][] = [
    ["no name", { agentPoolName: undefined }, ["agentPoolName"]],
    ["a name that begins with a digit", { agentPoolName: "0log" }, ["agentPoolName"]],
    ["a name of 13 characters", { agentPoolName: "log0a1b2c3d4e" }, ["agentPoolName"]],
    ["a Windows name of 7 characters", { agentPoolName: "windows", osType: "Windows" }, ["agentPoolName"]],
    [
      "an unknown nested property",
      { kubeletConfig: { containerLogMaxFile: 5 } },
      ["kubeletConfig.containerLogMaxFile"],
    ],
    ["a number as text", { maxPods: "60" }, ["maxPods"]],
    ["a text for a list", { availabilityZones: "1" }, ["availabilityZones"]],
    ["zones as numbers", { availabilityZones: [1] }, ["availabilityZones[0]"]],
    ["a zone with its region", { availabilityZones: ["westeurope-1"] }, ["availabilityZones[0]"]],
    ["a mode in lower case", { mode: "user" }, ["mode"]],
    ["an unknown osType", { osType: "BSD" }, ["osType"]],
    ["a short vmSize", { vmSize: "D4s_v5" }, ["vmSize"]],
    ["maxPods 9", { maxPods: 9 }, ["maxPods"]],
    ["a System pool of maxPods 29", { mode: "System", maxPods: 29 }, ["maxPods"]],
    ["half a node", { count: 3.5 }, ["count"]],
    ["minCount above maxCount", { minCount: 7, count: undefined }, ["minCount"]],
    ["count outside the autoscaler's range", { count: 9 }, ["count"]],
    ["autoscaling without a range", { minCount: undefined, maxCount: undefined }, ["minCount", "maxCount"]],
    ["too large a disk", { osDiskSizeGB: 2049 }, ["osDiskSizeGB"]],
    [
      "a reserved label",
      { nodeLabels: { "kubernetes.azure.com/mode": "x" } },
      ['nodeLabels["kubernetes.azure.com/mode"]'],
    ],
    ["a label value with a space", { nodeLabels: { workload: "log ging" } }, ['nodeLabels["workload"]']],
    ["a taint without value", { nodeTaints: ["workload:NoSchedule"] }, ["nodeTaints[0]"]],
    ["a taint of another effect", { nodeTaints: ["a=b:NoSchedule", "a=b:Never"] }, ["nodeTaints[1]"]],
    ["a reserved taint", { nodeTaints: ["kubernetes.io/os=linux:NoSchedule"] }, ["nodeTaints[0]"]],
    ["surge in words", { upgradeSettings: { maxSurge: "one" } }, ["upgradeSettings.maxSurge"]],
    [
      "a drain of two days",
      { upgradeSettings: { drainTimeoutInMinutes: 2880 } },
      ["upgradeSettings.drainTimeoutInMinutes"],
    ],
    [
      "a soak of an hour",
      { upgradeSettings: { nodeSoakDurationInMinutes: 60 } },
      ["upgradeSettings.nodeSoakDurationInMinutes"],
    ],
    ["one log file", { kubeletConfig: { containerLogMaxFiles: 1 } }, ["kubeletConfig.containerLogMaxFiles"]],
    ["the VNet instead of the subnet", { vnetSubnetID: SUBNET.replace(/\/subnets.*/, "") }, ["vnetSubnetID"]],
    ["51 tags", { tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ""])) }, ["tags"]],
    ["a slash in a tag", { tags: { "a/b": "" } }, ['tags["a/b"]']],
  ];
  for (const [what, changes, properties] of REFUSED) {
    test(`refuses ${what}`, () => assert.deepEqual(complaints(changes), properties));
  }

  const TAKEN: [string, Properties][] = [
    ["an image newer than the SDK", { osSKU: "Ubuntu2404" }],
    ["no zones", { availabilityZones: [] }],
    [
      "the spot label and taint of AKS on a spot pool",
      {
        scaleSetPriority: "Spot",
        nodeLabels: { "kubernetes.azure.com/scalesetpriority": "spot" },
        nodeTaints: ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"],
      },
    ],
    [
      "values that a preview does not know",
      {
        resourceName: UNKNOWN,
        maxPods: UNKNOWN,
        nodeTaints: [UNKNOWN],
        tags: { a: UNKNOWN },
        vnetSubnetID: UNKNOWN,
        upgradeSettings: UNKNOWN,
      },
    ],
  ];
  for (const [what, changes] of TAKEN) test(`takes ${what}`, () => assert.deepEqual(complaints(changes), []));
});

describe("diff", () => {
  const changed = (changes: Properties) =>
    [...diff(POOL, { ...POOL, ...changes }, replacing)].map(
      ([path, { kind, replaces }]) => `${path} ${kind} ${replaces}`,
    );

  test("finds nothing where nothing changed", () => assert.deepEqual(changed({}), []));

  test("replaces on the names of the path and the size, and on nothing else", () => {
    const changes = { agentPoolName: "logb", resourceGroupName: "other", resourceName: "b", vmSize: "Standard_D8s_v5" };
    assert.deepEqual(
      changed(changes).sort(),
      Object.keys(changes)
        .sort()
        .map((key) => `${key} update true`),
    );
    assert.deepEqual(changed({ maxPods: 80, osDiskSizeGB: undefined }), [
      "osDiskSizeGB delete false",
      "maxPods update false",
    ]);
  });

  test("goes down to the item", () => {
    assert.deepEqual(
      changed({
        availabilityZones: ["1", "2"],
        nodeLabels: { workload: "logging" },
        upgradeSettings: { maxSurge: "1", drainTimeoutInMinutes: 30 },
      }),
      [
        "availabilityZones[2] delete false",
        'nodeLabels["example.com/tier"] delete false',
        "upgradeSettings.maxSurge update false",
      ],
    );
  });
});

describe("the service", () => {
  test("refuses in-place changes of what is fixed at creation", () => {
    const others: Properties = {
      maxPods: 80,
      availabilityZones: ["1"],
      osDiskSizeGB: 256,
      osDiskType: "Ephemeral",
      vnetSubnetID: `${SUBNET}2`,
      podSubnetID: SUBNET,
      kubeletConfig: { containerLogMaxFiles: 9 },
      osType: "Windows",
      enableEncryptionAtHost: true,
      scaleSetPriority: "Spot",
    };
    for (const [key, value] of Object.entries(others)) {
      assert.equal(
        refusal(POOL, { ...POOL, [key]: value })?.message,
        `Status=400 Code="PropertyChangeNotAllowed" Message="Changing property 'properties.${key}' is not allowed."`,
      );
    }
  });

  test("takes the others", () => {
    const others = {
      count: 4,
      minCount: 1,
      maxCount: 9,
      nodeLabels: {},
      nodeTaints: [],
      tags: {},
      upgradeSettings: {},
      mode: "System",
      osSKU: "Ubuntu",
    };
    assert.equal(refusal(POOL, { ...POOL, ...others }), undefined);
  });

  test("wants a count also with autoscaling", () => {
    const { count: _, ...withoutCount } = POOL;
    assert.match(refusal(undefined, withoutCount)?.message ?? "", /Code="InvalidParameter"/);
  });

  test("returns the pool under its ARM id", () => {
    assert.equal(
      idOf("sub", POOL),
      "/subscriptions/sub/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/prod-aks-a/agentPools/log0a1b2c3d",
    );
    const { name, type, powerState, provisioningState, maxPods, resourceName } = outputs(POOL, "log0a1b2c3d");
    assert.deepEqual(
      [name, provisioningState, powerState, maxPods, resourceName],
      ["log0a1b2c3d", "Succeeded", { code: "Running" }, 60, undefined],
    );
    assert.equal(type, "Microsoft.ContainerService/managedClusters/agentPools");
    assert.equal(outputs(POOL, UNKNOWN, true).nodeImageVersion, UNKNOWN);
  });
});
