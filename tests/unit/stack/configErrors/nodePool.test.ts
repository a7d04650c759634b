import { describeMistakes, existingPool, type Mistake } from "./mistakes.ts";

describeMistakes("a node pool", [
  {
    what: "a minCount above maxCount",
    change: (c) => {
      Object.assign(c.nodePool, { minCount: 6, maxCount: 5 });
    },
    path: "nodePool.minCount",
    given: 6,
    allowed: /at most nodePool\.maxCount, which is 5/,
    fix: /lower minCount or raise maxCount/,
  },
  {
    what: "a zone that Azure does not have",
    change: (c) => {
      c.nodePool.zones = [1, 4];
    },
    path: "nodePool.zones[1]",
    given: 4,
    allowed: /1, 2 or 3/,
    fix: /write 1, 2 or 3; zones: \[\]/,
  },
  {
    what: "a zone with the region's name",
    change: (c) => {
      c.nodePool.zones = ["1", "westeurope-2"];
    },
    path: "nodePool.zones[1]",
    given: "westeurope-2",
    allowed: /1, 2 or 3/,
    fix: /^write 2$/,
  },
  {
    what: "one zone as a number and as text",
    change: (c) => {
      c.nodePool.zones = [1, "1"];
    },
    path: "nodePool.zones",
    given: [1, "1"],
    allowed: /each zone once/,
    fix: /remove/,
  },
  {
    what: "a zone that is neither text nor a number",
    change: (c) => {
      c.nodePool.zones = [true];
    },
    path: "nodePool.zones[0]",
    given: true,
    allowed: /text or a whole number/,
    fix: /nodePool in docs/,
  },
  ...["0", "0%", 0].map(
    (maxSurge): Mistake => ({
      what: `a maxSurge of ${maxSurge}`,
      change: (c) => {
        c.nodePool.maxSurge = maxSurge;
      },
      path: "nodePool.maxSurge",
      given: maxSurge,
      allowed: /at least one extra node/,
      fix: /leave it out/,
    }),
  ),
  ...(
    [
      ["Standard_D4s_v5", 128, 0],
      ["Standard_D2ds_v5", 128, 75],
      ["Standard_E4ads_v6", 256, 220],
    ] as const
  ).map(
    ([vmSize, osDiskSizeGiB, local]): Mistake => ({
      what: `an ephemeral OS disk larger than the local disk of ${vmSize}`,
      change: (c) => {
        Object.assign(c.nodePool, { vmSize, osDiskSizeGiB, osDiskType: "Ephemeral", maxCount: 20 });
      },
      path: "nodePool.osDiskType",
      given: "Ephemeral",
      allowed: new RegExp(`${vmSize} has ${local} GiB, and the OS disk needs ${osDiskSizeGiB}`),
      fix: /a size with a d .*nodePool\.vmCapacity/,
    }),
  ),
  {
    what: "a repeated zone",
    change: (c) => {
      c.nodePool.zones = ["1", "1"];
    },
    path: "nodePool.zones",
    given: ["1", "1"],
    allowed: /each zone once/,
    fix: /remove/,
  },
  {
    what: "an unknown VM size",
    change: (c) => {
      c.nodePool.vmSize = "Standard_D4_v99";
    },
    path: "nodePool.vmSize",
    given: "Standard_D4_v99",
    allowed: /Standard_D4s_v5/,
    fix: /nodePool\.vmCapacity: \{ cpu: 4, memoryGiB: 16, dataDisks: 8 \}/,
  },
  {
    what: "an unknown VM size of an existing pool",
    change: (c) => existingPool(c, { capacity: { vmSize: "Standard_X", maxCount: 5 } }),
    path: "nodePool.capacity.vmSize",
    given: "Standard_X",
    allowed: /Standard_D4s_v5/,
    fix: /nodePool\.capacity\.vmCapacity/,
  },
  ...["kubernetes.io/os", "beta.kubernetes.io/os"].map(
    (key): Mistake => ({
      what: `Windows nodes by ${key}`,
      change: (c) => existingPool(c, { label: { key, value: "windows" } }),
      path: "nodePool.label",
      given: `${key}=windows`,
      allowed: /a label of Linux nodes/,
      fix: /kubernetes\.azure\.com\/agentpool/,
    }),
  ),
  {
    what: "one of several taints without an effect",
    change: (c) => existingPool(c, { taints: [{ key: "sku", value: "gpu", effect: "NoSchedule" }, { key: "team" }] }),
    path: "nodePool.taints[1].effect",
    allowed: /one of: NoSchedule, PreferNoSchedule, NoExecute/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "an image family that AKS does not offer any more",
    change: (c) => {
      c.nodePool.osSku = "AzureLinuxOSGuard";
    },
    path: "nodePool.osSku",
    given: "AzureLinuxOSGuard",
    allowed: /Ubuntu, Ubuntu2204, Ubuntu2404, AzureLinux, AzureLinux3, AzureContainerLinux/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "a label key that Kubernetes refuses",
    change: (c) => existingPool(c, { label: { key: "my workload", value: "logging" } }),
    path: "nodePool.label.key",
    given: "my workload",
    allowed: /label key/,
    fix: /workload/,
  },
  {
    what: "a label value that Kubernetes refuses",
    change: (c) => existingPool(c, { label: { key: "workload", value: "logging!" } }),
    path: "nodePool.label.value",
    given: "logging!",
    allowed: /label value/,
    fix: /kubectl get nodes --show-labels/,
  },
  {
    what: "a taint key that Kubernetes refuses",
    change: (c) => existingPool(c, { taint: { key: "workload=logging", value: "", effect: "NoSchedule" } }),
    path: "nodePool.taint.key",
    given: "workload=logging",
    allowed: /taint key/,
    fix: /key and value separately/,
  },
  {
    what: "a reserved tag",
    change: (c) => {
      c.nodePool.tags = { "azure-owner": "x" };
    },
    path: "nodePool.tags.azure-owner",
    given: "azure-owner",
    allowed: /not beginning with azure/,
    fix: /rename/,
  },
  {
    what: "a subnet by name alone",
    change: (c) => {
      c.nodePool.subnetId = "snet-logging";
    },
    path: "nodePool.subnetId",
    given: "snet-logging",
    allowed: /Microsoft\.Network\/virtualNetworks/,
    fix: /az network vnet subnet show/,
  },
  {
    what: "a pod subnet by name alone",
    change: (c) => {
      c.nodePool.podSubnetId = "snet-pods";
    },
    path: "nodePool.podSubnetId",
    given: "snet-pods",
    allowed: /Microsoft\.Network\/virtualNetworks/,
    fix: /az network vnet subnet show/,
  },
  {
    what: "fewer nodes than pods that never share a host",
    change: (c) => {
      Object.assign(c.nodePool, { minCount: 2, maxCount: 2, vmSize: "Standard_D16s_v5" });
    },
    path: "loki.write.replicas",
    given: 3,
    allowed: /at most 2, the pool's largest number of nodes/,
    fix: /raise nodePool\.maxCount to 3 or more/,
  },
  {
    what: "fewer nodes than such pods in an existing pool",
    change: (c) => existingPool(c, { capacity: { vmSize: "Standard_D16s_v5", maxCount: 2 } }),
    path: "loki.read.replicas",
    given: 3,
    allowed: /at most 2/,
    fix: /raise nodePool\.capacity\.maxCount to 3/,
  },
  {
    what: "pods that do not fit on the pool",
    change: (c) => {
      c.nodePool.vmSize = "Standard_D2s_v5";
    },
    path: "nodePool",
    allowed: /these may not fit: .*(write|read|backend)[\s\S]*workload +pods +CPU each[\s\S]*sum[\s\S]*5 hosts/,
    fix: /raise maxCount, choose a larger vmSize/,
  },
  {
    what: "pods that do not fit on an existing pool",
    change: (c) => existingPool(c, { capacity: { vmSize: "Standard_D2s_v5", maxCount: 5 } }),
    path: "nodePool.capacity",
    allowed: /workload +pods +CPU each/,
    fix: /raise maxCount/,
  },
]);
