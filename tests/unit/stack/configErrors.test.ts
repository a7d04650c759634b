// Every mistake in a stack's config: where it is, what was given, what is allowed, how to fix it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { planOffline } from "../../../automation/plan/offlinePlan.ts";
import type { Loose } from "../../harness/manifest.ts";
import { load, plan, problemAt, refusal, stackFile } from "../../harness/plannedStack.ts";
import { registrations } from "../../harness/registrations.ts";

/** Expired on 2021-01-02; made with `openssl req -x509 -days 1`. */
const EXPIRED_CA = "tests/fixtures/expired-ca.pem";

const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

interface Mistake {
  readonly what: string;
  readonly change: (config: Loose) => void;
  readonly path: string;
  /** The value in the message; absent: the message shows none. */
  readonly given?: unknown;
  readonly allowed: RegExp;
  readonly fix: RegExp;
  readonly secretKeys?: string[];
}

const existingPool = (config: Loose, more: object = {}) => {
  config.nodePool = {
    mode: "existing",
    label: { key: "workload", value: "logging" },
    capacity: { vmSize: "Standard_D4s_v5", maxCount: 5 },
    ...more,
  };
};

const MISTAKES: Mistake[] = [
  // Keys
  {
    what: "a misspelled group",
    change: (c) => {
      c.lokki = {};
    },
    path: "lokki",
    allowed: /^a declared key: .*\bloki\b/,
    fix: /did you mean loki\?/,
  },
  {
    what: "a misspelled key in a group",
    change: (c) => {
      c.loki.retentionHour = 336;
    },
    path: "loki.retentionHour",
    allowed: /^one of: .*\bretentionHours\b/,
    fix: /did you mean retentionHours\?/,
  },
  {
    what: "a misspelled key three levels down",
    change: (c) => {
      c.loki.write.resources = { requests: { cpu: "1", memory: "2Gi" }, limits: { cpus: "2", memory: "4Gi" } };
    },
    path: "loki.write.resources.limits.cpus",
    allowed: /^one of: cpu, memory$/,
    fix: /did you mean cpu\?/,
  },
  {
    what: "a misspelled key in one of several shapes",
    change: (c) => {
      c.nodePool.minCounts = 3;
    },
    path: "nodePool.minCounts",
    allowed: /^one of: mode, vmSize, .*\bminCount\b/,
    fix: /did you mean minCount\?/,
  },
  {
    what: "a misspelled key in a list",
    change: (c) => {
      c.loki.schema = [{ from: "2025-01-01", form: "x" }];
    },
    path: "loki.schema[0].form",
    allowed: /^one of: from$/,
    fix: /did you mean from\?/,
  },
  {
    what: "a misspelled key of the cluster access",
    change: (c) => {
      c.access = { method: "kubeconfig", path: "k", contxt: "x", context: "x" };
    },
    path: "access.contxt",
    allowed: /^one of: method, path, context, server$/,
    fix: /did you mean context\?/,
  },
  {
    what: "an unknown key that resembles none",
    change: (c) => {
      c.frobnicate = "yes";
    },
    path: "frobnicate",
    allowed: /^a declared key/,
    fix: /^remove it/,
  },
  {
    what: "a misspelled config namespace",
    change: (c) => {
      c["loging:loki"] = {};
    },
    path: "loging:loki",
    allowed: /logging:/,
    fix: /logging:loki/,
  },
  ...["kubernetes:context", "minio:minioServer", "azure-native:location", "random:seed"].map(
    (key): Mistake => ({
      what: `${key}, which no explicit provider reads`,
      change: (c) => {
        c[key] = "x";
      },
      path: key,
      allowed: /providers are explicit/,
      fix: new RegExp(`pulumi config rm ${key}; .*logging:access`),
    }),
  ),
  {
    what: "default providers allowed again",
    change: (c) => {
      c["pulumi:disable-default-providers"] = [];
    },
    path: "pulumi:disable-default-providers",
    given: [],
    allowed: /^\["\*"\]: a default provider would write to whatever cluster/,
    fix: /pulumi config rm pulumi:disable-default-providers/,
  },

  // Shapes
  {
    what: "a missing group",
    change: (c) => {
      delete c.objectStorage;
    },
    path: "objectStorage",
    allowed: /a value is needed/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "a missing key",
    change: (c) => {
      delete c.nodePool.maxCount;
    },
    path: "nodePool.maxCount",
    allowed: /a value is needed/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "a text where a group belongs",
    change: (c) => {
      c.loki = "large";
    },
    path: "loki",
    given: "large",
    allowed: /^a map of keys$/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "a text where a number belongs",
    change: (c) => {
      c.loki.write.replicas = "3";
    },
    path: "loki.write.replicas",
    given: "3",
    allowed: /number/,
    fix: /without quotes/,
  },
  {
    what: "zero pods",
    change: (c) => {
      c.loki.read = { replicas: 0 };
    },
    path: "loki.read.replicas",
    given: 0,
    allowed: /^at least 1$/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "an unknown mode",
    change: (c) => {
      c.nodePool.mode = "make";
    },
    path: "nodePool.mode",
    given: "make",
    allowed: /create.*existing.*none/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "an unknown login mode of kubelogin",
    change: (c) => {
      c.access.login = "devicecode";
    },
    path: "access.login",
    given: "devicecode",
    allowed: /azurecli.*workloadidentity.*spn/,
    fix: /docs\/arguments\.md/,
  },

  // The cluster
  {
    what: "another cluster's name",
    change: (c) => {
      c.cluster.name = "prod-aks-b";
    },
    path: "cluster.name",
    given: "prod-aks-b",
    allowed: /the name of the stack, prod-aks-a/,
    fix: /write prod-aks-a/,
  },
  {
    what: "an environment that is not a word",
    change: (c) => {
      c.cluster.environment = "prod {a}";
    },
    path: "cluster.environment",
    given: "prod {a}",
    allowed: /a short word/,
    fix: /one word/,
  },
  {
    what: "a resource id of something else",
    change: (c) => {
      c.cluster.resourceId = "/subscriptions/x/aks";
    },
    path: "cluster.resourceId",
    given: "/subscriptions/x/aks",
    allowed: /Microsoft\.ContainerService\/managedClusters/,
    fix: /az aks show/,
  },
  {
    what: "no resource id where Azure hands out the credentials",
    change: (c) => {
      delete c.cluster.resourceId;
      existingPool(c);
    },
    path: "cluster.resourceId",
    allowed: /because access\.method is aks/,
    fix: /az aks show/,
  },
  {
    what: "no resource id where a pool is created",
    change: (c) => {
      delete c.cluster.resourceId;
      c.access = { method: "kubeconfig", path: "k", context: "x" };
    },
    path: "cluster.resourceId",
    allowed: /because nodePool\.mode is create/,
    fix: /az aks show/,
  },
  {
    what: "a namespace that Kubernetes refuses",
    change: (c) => {
      c.namespace = "Logging_1";
    },
    path: "namespace",
    given: "Logging_1",
    allowed: /lower-case letters, digits and -/,
    fix: /kubectl get namespaces/,
  },
  {
    what: "a reader namespace that Kubernetes refuses",
    change: (c) => {
      c.network.readerNamespaces = ["monitoring", "Grafana"];
    },
    path: "network.readerNamespaces[1]",
    given: "Grafana",
    allowed: /lower-case letters, digits and -/,
    fix: /kubectl get namespaces/,
  },

  ...["kube-system", "kube-public", "default"].map(
    (namespace): Mistake => ({
      what: `the namespace ${namespace}`,
      change: (c) => {
        c.namespace = namespace;
      },
      path: "namespace",
      given: namespace,
      allowed: /a namespace of the stack's own/,
      fix: /to get logging/,
    }),
  ),

  // The bucket and its address
  ...[
    "ab",
    "Loki-prod",
    "loki_prod",
    "-loki",
    "loki-",
    "lo..ki",
    "lo.-ki",
    "192.168.5.4",
    "xn--loki",
    "sthree-loki",
    "amzn-s3-demo-loki",
    "loki-s3alias",
    "loki--ol-s3",
    "loki.mrap",
    "loki--x-s3",
    "loki--table-s3",
    "l".repeat(64),
  ].map(
    (bucket): Mistake => ({
      what: `the bucket name ${bucket}`,
      change: (c) => {
        c.objectStorage.bucket = bucket;
      },
      path: "objectStorage.bucket",
      given: bucket,
      allowed: /3 to 63 lower-case letters/,
      fix: /loki-<cluster\.name>/,
    }),
  ),
  {
    what: "an endpoint without a scheme",
    change: (c) => {
      c.objectStorage.endpoint = "minio.internal.company:9000";
    },
    path: "objectStorage.endpoint",
    given: "minio.internal.company:9000",
    allowed: /scheme, host and port/,
    fix: /write https:\/\/minio\.internal\.company:9000/,
  },
  {
    what: "an endpoint of another scheme",
    change: (c) => {
      c.objectStorage.endpoint = "s3://loki";
    },
    path: "objectStorage.endpoint",
    given: "s3://loki",
    allowed: /scheme, host and port/,
    fix: /write https:\/\//,
  },
  {
    what: "an endpoint with the bucket in its path",
    change: (c) => {
      c.objectStorage.endpoint = "https://minio.internal.company:9000/loki-prod-aks-a";
    },
    path: "objectStorage.endpoint",
    given: "https://minio.internal.company:9000/loki-prod-aks-a",
    allowed: /no path/,
    fix: /write https:\/\/minio\.internal\.company:9000$/,
  },
  {
    what: "an endpoint with a slash at its end",
    change: (c) => {
      c.objectStorage.endpoint = "https://minio.internal.company:9000/";
    },
    path: "objectStorage.endpoint",
    given: "https://minio.internal.company:9000/",
    allowed: /trailing slash/,
    fix: /write https:\/\/minio\.internal\.company:9000$/,
  },
  {
    what: "plain HTTP that nobody said is meant",
    change: (c) => {
      c.objectStorage.endpoint = "http://minio.internal.company:9000";
      delete c.objectStorage.caFile;
    },
    path: "objectStorage.endpoint",
    given: "http://minio.internal.company:9000",
    allowed: /https:\/\/, because keys and log lines would cross the network unencrypted/,
    fix: /objectStorage\.allowPlainHttp: true/,
  },
  {
    what: "a CA for plain HTTP",
    change: (c) => {
      Object.assign(c.objectStorage, { endpoint: "http://minio.internal.company:9000", allowPlainHttp: true });
    },
    path: "objectStorage.caFile",
    given: "certs/minio-internal-company-ca.pem",
    allowed: /no CA, because the endpoint is plain HTTP/,
    fix: /https:\/\/ endpoint, or remove caFile/,
  },
  {
    what: "keys in the endpoint",
    change: (c) => {
      c.objectStorage.endpoint = "https://user:PLANTED@minio.internal.company:9000";
    },
    path: "objectStorage.endpoint",
    given: "https://[secret]@minio.internal.company:9000",
    allowed: /no user or password/,
    fix: /remove it/,
  },
  {
    what: "keys in an endpoint without a scheme",
    change: (c) => {
      c.objectStorage.endpoint = "user:PLANTED@minio.internal.company:9000";
    },
    path: "objectStorage.endpoint",
    given: "[secret]@minio.internal.company:9000",
    allowed: /scheme, host and port/,
    fix: /write https:\/\/minio\.internal\.company:9000$/,
  },
  ...["10.20.0.10", "10.20.0.10/33", "10.20.0.300/32", "10.20.0.10/32/8", "minio.internal.company/32"].map(
    (cidr): Mistake => ({
      what: `the CIDR ${cidr}`,
      change: (c) => {
        c.objectStorage.cidrs = ["10.20.0.10/32", cidr];
      },
      path: "objectStorage.cidrs[1]",
      given: cidr,
      allowed: /IPv4 CIDR/,
      fix: /prefix length/,
    }),
  ),
  {
    what: "an IPv6 CIDR",
    change: (c) => {
      c.objectStorage.cidrs = ["fd00::1/128"];
    },
    path: "objectStorage.cidrs[0]",
    given: "fd00::1/128",
    allowed: /IPv4 CIDR/,
    fix: /IPv4 addresses: IPv6 is not supported/,
  },
  ...["eu west 1", "${HOME}", ""].map(
    (region): Mistake => ({
      what: `the region "${region}"`,
      change: (c) => {
        c.objectStorage.region = region;
      },
      path: "objectStorage.region",
      given: region,
      allowed: region === "" ? /not empty/ : /letters, digits and -/,
      fix: region === "" ? /docs\/arguments\.md/ : /us-east-1/,
    }),
  ),

  // The CA
  {
    what: "a CA file that does not exist",
    change: (c) => {
      c.objectStorage.caFile = "certs/none.pem";
    },
    path: "objectStorage.caFile",
    given: "certs/none.pem",
    allowed: /a PEM file in the repository/,
    fix: /commit the CA certificate/,
  },
  {
    what: "a CA file that is not PEM",
    change: (c) => {
      c.objectStorage.caFile = "package.json";
    },
    path: "objectStorage.caFile",
    given: "package.json",
    allowed: /BEGIN CERTIFICATE/,
    fix: /openssl x509 -inform der/,
  },
  {
    what: "a CA that has expired",
    change: (c) => {
      c.objectStorage.caFile = EXPIRED_CA;
    },
    path: "objectStorage.caFile",
    given: EXPIRED_CA,
    allowed: /Expired CA.* expired on 20\d\d-\d\d-\d\d/,
    fix: /current certificate/,
  },

  // The node pool
  {
    what: "fewer nodes at most than at least",
    change: (c) => {
      Object.assign(c.nodePool, { minCount: 6, maxCount: 5 });
    },
    path: "nodePool.minCount",
    given: 6,
    allowed: /at most nodePool\.maxCount, which is 5/,
    fix: /lower minCount or raise maxCount/,
  },
  {
    what: "zones as numbers",
    change: (c) => {
      c.nodePool.zones = [1, 2];
    },
    path: "nodePool.zones[0]",
    given: 1,
    allowed: /^text$/,
    fix: /quote it: "1"/,
  },
  {
    what: "zones as Azure's resource names",
    change: (c) => {
      c.nodePool.zones = ["1", "westeurope-2"];
    },
    path: "nodePool.zones[1]",
    given: "westeurope-2",
    allowed: /"1", "2" or "3"/,
    fix: /zones: \["1", "2", "3"\]/,
  },
  ...["0", "0%"].map(
    (maxSurge): Mistake => ({
      what: `an upgrade that adds ${maxSurge} nodes, and takes none away`,
      change: (c) => {
        c.nodePool.maxSurge = maxSurge;
      },
      path: "nodePool.maxSurge",
      given: maxSurge,
      allowed: /at least one node more/,
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
      what: `an ephemeral OS disk that ${vmSize} has no room for`,
      change: (c) => {
        Object.assign(c.nodePool, { vmSize, osDiskSizeGiB, osDiskType: "Ephemeral", maxCount: 20 });
      },
      path: "nodePool.osDiskType",
      given: "Ephemeral",
      allowed: new RegExp(`${vmSize} has ${local} GiB, and the OS disk ${osDiskSizeGiB}`),
      fix: /a size with a d .*nodePool\.vmCapacity/,
    }),
  ),
  {
    what: "a zone twice",
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
  ...["kubernetes.azure.com/mode", "kubernetes.io/role"].map(
    (key): Mistake => ({
      what: `the reserved label ${key}`,
      change: (c) => existingPool(c, { label: { key, value: "user" } }),
      path: "nodePool.label.key",
      given: key,
      allowed: /AKS reserves kubernetes\.azure\.com\/ and kubernetes\.io\//,
      fix: /key of yours/,
    }),
  ),
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
    fix: /key and value apart/,
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
    what: "fewer hosts than pods that never share one",
    change: (c) => {
      Object.assign(c.nodePool, { minCount: 2, maxCount: 2, vmSize: "Standard_D16s_v5" });
    },
    path: "loki.write.replicas",
    given: 3,
    allowed: /at most 2, the pool's largest number of nodes/,
    fix: /raise nodePool\.maxCount to 3 or more/,
  },
  {
    what: "fewer hosts in an existing pool",
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
    allowed: /no place is certain for .*(write|read|backend)[\s\S]*workload +pods +CPU each[\s\S]*sum[\s\S]*5 hosts/,
    fix: /raise maxCount, choose a larger vmSize/,
  },
  {
    what: "pods that do not fit on an existing pool",
    change: (c) => existingPool(c, { capacity: { vmSize: "Standard_D2s_v5", maxCount: 5 } }),
    path: "nodePool.capacity",
    allowed: /workload +pods +CPU each/,
    fix: /raise maxCount/,
  },

  // Loki
  ...[0, 12, 25, 335, 24.5, -24].map(
    (retentionHours): Mistake => ({
      what: `a retention of ${retentionHours} hours`,
      change: (c) => {
        c.loki.retentionHours = retentionHours;
      },
      path: "loki.retentionHours",
      given: retentionHours,
      allowed: /a multiple of 24, 24 or more/,
      fix: /^write \d*(24|336)$/,
    }),
  ),
  {
    what: "fewer writers than copies",
    change: (c) => {
      c.loki.write.replicas = 2;
    },
    path: "loki.write.replicas",
    given: 2,
    allowed: /3 or more, the replication factor/,
    fix: /raise loki\.write\.replicas/,
  },
  {
    what: "a burst below the rate",
    change: (c) => {
      c.loki.limits.ingestionBurstMb = 49;
    },
    path: "loki.limits.ingestionBurstMb",
    given: 49,
    allowed: /not below loki\.limits\.ingestionRateMb, which is 50/,
    fix: /write 100/,
  },
  {
    what: "a burst per stream below the rate",
    change: (c) => {
      c.loki.limits.perStreamRateMb = 21;
    },
    path: "loki.limits.perStreamBurstMb",
    given: 20,
    allowed: /not below loki\.limits\.perStreamRateMb, which is 21/,
    fix: /write 42/,
  },
  {
    what: "an unknown storage class",
    change: (c) => {
      c.loki.storage = { storageClass: "managed-csi-premum" };
    },
    path: "loki.storage.storageClass",
    given: "managed-csi-premum",
    allowed: /managed-csi-premium/,
    fix: /loki\.storage\.customStorageClass: true/,
  },
  {
    what: "no schema period",
    change: (c) => {
      c.loki.schema = [];
    },
    path: "loki.schema",
    given: [],
    allowed: /one period at least/,
    fix: /2025-01-01/,
  },
  {
    what: "schema periods out of order",
    change: (c) => {
      c.loki.schema = [{ from: "2025-06-01" }, { from: "2025-01-01" }];
    },
    path: "loki.schema[1].from",
    given: "2025-01-01",
    allowed: /a day after the period before it, 2025-06-01/,
    fix: /in order/,
  },
  {
    what: "a schema period twice",
    change: (c) => {
      c.loki.schema = [{ from: "2025-01-01" }, { from: "2025-01-01" }];
    },
    path: "loki.schema[1].from",
    given: "2025-01-01",
    allowed: /a day after the period before it/,
    fix: /each day once/,
  },
  {
    what: "a schema that begins in the future",
    change: (c) => {
      c.loki.schema = [{ from: "2999-01-01" }];
    },
    path: "loki.schema[0].from",
    given: "2999-01-01",
    allowed: /a first period that has begun/,
    fix: /2025-01-01/,
  },
  ...["2025-02-30", "01.01.2025", "2025-1-1"].map(
    (from): Mistake => ({
      what: `the schema day ${from}`,
      change: (c) => {
        c.loki.schema = [{ from }];
      },
      path: "loki.schema[0].from",
      given: from,
      allowed: /a day, quoted/,
      fix: /YYYY-MM-DD/,
    }),
  ),
  {
    what: "a memory quantity of bytes with a B",
    change: (c) => {
      c.loki.write.resources = { requests: { cpu: "1", memory: "2GB" }, limits: { memory: "4Gi" } };
    },
    path: "loki.write.resources.requests.memory",
    given: "2GB",
    allowed: /memory quantity/,
    fix: /kubernetes\.io/,
  },
  {
    what: "no memory at all",
    change: (c) => {
      c.loki.write.resources = { requests: { cpu: "1", memory: "0" }, limits: { memory: "0" } };
    },
    path: "loki.write.resources.limits.memory",
    given: "0",
    allowed: /memory quantity/,
    fix: /kubernetes\.io/,
  },
  {
    what: "a request above its limit",
    change: (c) => {
      c.alloy.resources = { requests: { cpu: "100m", memory: "2Gi" }, limits: { memory: "1Gi" } };
    },
    path: "alloy.resources.requests.memory",
    given: "2Gi",
    allowed: /not above the limit, 1Gi/,
    fix: /lower the request or raise the limit/,
  },
  {
    what: "a chart in an absolute folder",
    change: (c) => {
      c.loki.chart = { source: "/charts/loki" };
    },
    path: "loki.chart.source",
    given: "/charts/loki",
    allowed: /relative to Pulumi\.yaml/,
    fix: /helm pull loki .*--version 18\.11\.0/,
  },

  ...["https://user:PLANTED@charts.example.com/loki", "oci://PLANTED@registry.example.com/loki"].map(
    (source): Mistake => ({
      what: `a password in the chart's address (${source.slice(0, 3)})`,
      change: (c) => {
        c.loki.chart = { source };
      },
      path: "loki.chart.source",
      given: source.replace(/[^/]*@/, "[secret]@"),
      allowed: /no user or password in the address/,
      fix: /chartRepositoryPassword/,
    }),
  ),

  // Images and Alloy
  ...["https://user:PLANTED@myregistry.azurecr.io", "user:PLANTED@myregistry.azurecr.io"].map(
    (registry): Mistake => ({
      what: `a password in the registry's address (${registry.slice(0, 5)})`,
      change: (c) => {
        c.images = { registry };
      },
      path: "images.registry",
      given: registry.replace(/[^/]*@/, "[secret]@"),
      allowed: /without a scheme, a user or a password/,
      fix: /write myregistry\.azurecr\.io$/,
    }),
  ),
  {
    what: "a registry with a scheme",
    change: (c) => {
      c.images = { registry: "https://myregistry.azurecr.io/" };
    },
    path: "images.registry",
    given: "https://myregistry.azurecr.io/",
    allowed: /without a scheme/,
    fix: /write myregistry\.azurecr\.io$/,
  },
  {
    what: "a pull Secret that Kubernetes could not have",
    change: (c) => {
      c.images = { pullSecrets: ["registry", "My Secret"] };
    },
    path: "images.pullSecrets[1]",
    given: "My Secret",
    allowed: /name of a Secret/,
    fix: /kubectl get secrets/,
  },
  ...["team_a", "team-a/", "team-a/*", "*/pod", "a,b", "team-a/{x,y}"].map(
    (pattern): Mistake => ({
      what: `the exclusion ${pattern}`,
      change: (c) => {
        c.alloy.exclude = ["kube-system", pattern];
      },
      path: "alloy.exclude[1]",
      given: pattern,
      allowed: /namespace\/pod where \* stands for/,
      fix: /write the namespace in full/,
    }),
  ),

  // Secrets
  ...["minioAdminPassword", "objectStorageSecretKey", "imageRegistryCredentials", "chartRepositoryPassword"].map(
    (key): Mistake => ({
      what: `${key} in clear`,
      change: (c) => {
        c[key] = "PLANTED";
        if (key === "objectStorageSecretKey") {
          c.objectStorage.mode = "existing";
          c.objectStorageAccessKey = "key";
        }
      },
      path: key,
      allowed: /a secret; it is not encrypted/,
      fix: new RegExp(`make a new one.*pulumi config set --secret ${key}`),
    }),
  ),
  ...['{"auths":{}}', "{}", "myregistry.azurecr.io", '"text"'].map(
    (text): Mistake => ({
      what: `registry credentials that are not a Docker config: ${text}`,
      change: (c) => {
        c.imageRegistryCredentials = text;
      },
      secretKeys: ["imageRegistryCredentials"],
      path: "imageRegistryCredentials",
      allowed: /a Docker config.json with the registry under "auths"/,
      fix: /docker login without a credential helper/,
    }),
  ),
  {
    what: "replicas set past the argument, and so past the capacity check",
    change: (c) => {
      c.loki.values = { write: { replicas: 30 } };
    },
    path: "loki.values.write.replicas",
    given: 30,
    allowed: /the argument loki.write.replicas sets it/,
    fix: /set loki.write.replicas instead/,
  },
  ...(
    [
      ["deploymentMode", "Distributed", /write, read and backend/, /remove it/],
      ["loki.limits_config.deletion_mode", "filter-and-delete", /could delete logs/, /remove it/],
      ["loki.structuredConfig.limits_config.deletion_mode", "filter-and-delete", /could delete logs/, /remove it/],
      ["loki.config", "auth_enabled: true", /all of Loki's config/, /remove it/],
      ["loki.structuredConfig.schema_config", { configs: [] }, /loki\.schema sets it/, /set loki\.schema instead/],
      ["loki.structuredConfig.limits_config.retention_period", "1h", /sets it/, /set loki\.retentionHours instead/],
      ["loki.structuredConfig.common.replication_factor", "1", /sets it/, /set loki\.replicationFactor instead/],
      ["loki.structuredConfig.storage_config.aws", { bucketnames: "x" }, /sets it/, /set objectStorage instead/],
      ["lokiConfig", { common: {} }, /a key of the chart loki 18\.11\.0/, /did you mean loki\?/],
      ["writes", {}, /a key of the chart/, /did you mean write\?/],
      ["resources", {}, /a key of the chart/, /helm show values loki --repo .* --version 18\.11\.0/],
    ] as const
  ).map(
    ([path, value, allowed, fix]): Mistake => ({
      what: `${path} in Loki's values`,
      change: (c) => {
        c.loki.values = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      },
      path: `loki.values.${path}`,
      allowed,
      fix,
    }),
  ),
  {
    what: "a secret inside an object, which would hide all of it",
    change: (c) => {
      c.objectStorage.secretKey = "PLANTED";
    },
    secretKeys: ["objectStorage"],
    path: "objectStorage",
    allowed: /no secret inside/,
    fix: /minioAdminPassword.*objectStorageSecretKey/,
  },
  {
    what: "a key of the existing bucket that is missing",
    change: (c) => {
      c.objectStorage.mode = "existing";
      c.objectStorageAccessKey = "key";
    },
    path: "objectStorageSecretKey",
    allowed: /because objectStorage\.mode is existing/,
    fix: /pulumi config set --secret objectStorageSecretKey/,
  },
  {
    what: "a key although the stack makes its own user",
    change: (c) => {
      c.objectStorageAccessKey = "PLANTED";
    },
    path: "objectStorageAccessKey",
    allowed: /because objectStorage\.mode is create/,
    fix: /pulumi config rm objectStorageAccessKey/,
  },
  ...[
    ["a key with signs that Loki's config would take apart", "PLANTED$x: y"],
    ["a key that MinIO would find too short", "PLANTED"],
  ].map(
    ([what, key]): Mistake => ({
      what: what as string,
      change: (c) => {
        c.objectStorage.mode = "existing";
        c.objectStorageAccessKey = "key";
        c.objectStorageSecretKey = key;
      },
      secretKeys: ["objectStorageSecretKey"],
      path: "objectStorageSecretKey",
      allowed: /8 or more letters, digits and /,
      fix: /pulumi config set --secret objectStorageSecretKey/,
    }),
  ),
  {
    what: "a key in Loki's values",
    change: (c) => {
      c.loki.values = { loki: { storage: { s3: { secretAccessKey: "PLANTED" } } } };
    },
    path: "loki.values.loki.storage.s3.secretAccessKey",
    allowed: /no secret/,
    fix: /Secret/,
  },
  {
    what: "a password in Alloy's values",
    change: (c) => {
      c.alloy.values = { alloy: { extraEnv: [{ name: "REMOTE_PASSWORD", value: "PLANTED" }] } };
    },
    path: "alloy.values.alloy.extraEnv[0].value",
    allowed: /no secret/,
    fix: /Secret/,
  },
];

describe("a config is refused", () => {
  it("only with a reason: the production stacks are accepted", async () => {
    for (const stack of ["prod-aks-a", "prod-aks-b"])
      assert.equal(await refusal(stackFile(() => {}, { stack })), undefined);
  });

  for (const { what, change, path, given, allowed, fix, secretKeys = [] } of MISTAKES) {
    it(`with ${what}`, async () => {
      const error = await refusal(stackFile(change, { secretKeys }));
      const problem = problemAt(error, path);
      assert.deepEqual(problem.given, given);
      assert.match(problem.text, allowed);
      assert.match(problem.fix, fix);
      const text = error?.message ?? "";
      assert.ok(text.includes(`\n  ${path}\n`), text);
      assert.ok(!text.includes("PLANTED"), `a secret in the message: ${text}`);
    });
  }
});

describe("a kubeconfig that does not exist", () => {
  const absent = stackFile((c) => {
    c.access = { method: "kubeconfig", path: "kube/none", context: "x" };
  });
  after(() => delete process.env.PULUMI_NODEJS_ENGINE);

  it("is accepted offline, where nothing is reached", async () => {
    assert.equal(await refusal(absent), undefined);
  });

  it("is refused under the engine", async () => {
    process.env.PULUMI_NODEJS_ENGINE = "127.0.0.1:1";
    const { given, text, fix } = problemAt(await refusal(absent), "access.path");
    assert.equal(given, "kube/none");
    assert.match(text, /this one does not exist/);
    assert.match(fix, /access\.method: aks/);
  });
});

describe("a CA bundle", () => {
  it("is refused with a certificate that is damaged", async () => {
    const caFile = file("damaged.pem", "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n");
    const problem = problemAt(
      await refusal(
        stackFile((c) => {
          c.objectStorage.caFile = caFile;
        }),
      ),
      "objectStorage.caFile",
    );
    assert.match(problem.text, /PEM certificates/);
  });

  it("is refused together with a private key, and the key is not shown", async () => {
    const caFile = file("key.pem", "-----BEGIN PRIVATE KEY-----\nPLANTED\n-----END PRIVATE KEY-----\n");
    const error = await refusal(
      stackFile((c) => {
        c.objectStorage.caFile = caFile;
      }),
    );
    assert.ok(
      error?.problems.some((p) => p.subject === "objectStorage.caFile" && /remove the private key/.test(p.fix)),
    );
    assert.ok(!error?.message.includes("PLANTED"));
  });
});

describe("several mistakes", () => {
  const change = (c: Loose) => {
    c.cluster.name = "prod-aks-c";
    c.loki.retentionHours = 25;
    c.loki.wrote = {};
    c.nodePool.vmSize = "Standard_X";
    c.objectStorage.bucket = "A";
    c.frobnicate = 1;
    c.minioAdminPassword = "PLANTED";
  };
  const paths = [
    "cluster.name",
    "frobnicate",
    "loki.retentionHours",
    "loki.wrote",
    "minioAdminPassword",
    "nodePool.vmSize",
    "objectStorage.bucket",
  ];

  it("come in one error, sorted by key", async () => {
    const error = await refusal(stackFile(change));
    assert.deepEqual(error?.problems.map((p) => p.subject).sort(), paths);
    const shown = error?.message.match(/^ {2}\S+$/gm)?.map((line) => line.trim());
    assert.deepEqual(shown, paths);
    assert.match(error?.message ?? "", /7 problems, nothing has been created/);
  });

  it("of shape and of meaning come together, even if a whole group cannot be used", async () => {
    const error = await refusal(
      stackFile((c) => {
        c.nodePool = { mode: "make" };
        c.objectStorage.endpoint = "minio:9000";
        delete c.cluster;
      }),
    );
    assert.deepEqual(error?.problems.map((p) => p.subject).sort(), [
      "cluster",
      "nodePool.mode",
      "objectStorage.endpoint",
    ]);
  });

  const TOGETHER: Array<[string, (c: Loose) => void, string[]]> = [
    [
      "a wrong shape beside wrong values of the same group",
      (c) => Object.assign(c.nodePool, { minCount: "3", vmSize: "Standard_D4sv5", zones: ["1", "1"] }),
      ["nodePool.minCount", "nodePool.vmSize", "nodePool.zones"],
    ],
    [
      "a missing key beside wrong values of the same group",
      (c) => {
        delete c.objectStorage.endpoint;
        Object.assign(c.objectStorage, { bucket: "Loki_a", caFile: "certs/none.pem" });
      },
      ["objectStorage.bucket", "objectStorage.caFile", "objectStorage.endpoint"],
    ],
    [
      "what is given beside a wrong shape is not missing",
      (c) => {
        c.cluster.environment = 5;
      },
      ["cluster.environment"],
    ],
    [
      "what is given beside a missing key is not missing",
      (c) => {
        delete c.cluster.environment;
      },
      ["cluster.environment"],
    ],
    [
      "another cluster's name beside a missing key",
      (c) => {
        delete c.cluster.environment;
        c.cluster.name = "prod-aks-b";
      },
      ["cluster.environment", "cluster.name"],
    ],
    [
      "one entry for each path, and what is true of the others",
      (c) => {
        c.nodePool.maxCount = 2;
        c.nodePool.minCount = 1;
        c.loki.write.replicas = "3";
      },
      ["loki.read.replicas", "loki.write.replicas"],
    ],
    [
      "nothing that only the missing value could decide",
      (c) => {
        delete c.nodePool.maxCount;
      },
      ["nodePool.maxCount"],
    ],
    [
      "no room, if the wrong value may be what fixes it",
      (c) => {
        Object.assign(c.nodePool, { maxCount: 3, vmCapacity: { cpu: "64", memoryGiB: 256, dataDisks: 32 } });
      },
      ["nodePool.vmCapacity.cpu"],
    ],
    [
      "no replicas judged by a replication factor that is not a number",
      (c) => {
        c.loki.replicationFactor = "1";
        c.loki.write.replicas = 1;
      },
      ["loki.replicationFactor"],
    ],
    [
      "no repeated zone, where the zones are numbers",
      (c) => {
        c.nodePool.zones = [1, 1];
      },
      ["nodePool.zones[0]", "nodePool.zones[1]"],
    ],
    [
      "unknown keys and wrong shapes of a pool whose mode is wrong, and no key of one of the modes",
      (c) => Object.assign(c.nodePool, { mode: "creat", vmsize: "x", minCount: "3", label: { key: "a", value: "b" } }),
      ["nodePool.minCount", "nodePool.mode", "nodePool.vmsize"],
    ],
    [
      "unknown keys of a pool without a mode",
      (c) => {
        delete c.nodePool.mode;
        c.nodePool.vmsize = "x";
      },
      ["nodePool.mode", "nodePool.vmsize"],
    ],
    [
      "nothing that follows from a way to the cluster that is not known",
      (c) => {
        existingPool(c);
        delete c.cluster.resourceId;
        c.access = { method: "azure", contxt: "x" };
      },
      ["access.contxt", "access.method"],
    ],
    [
      "everything that is missing, once",
      (c) => {
        for (const key of Object.keys(c)) delete c[key];
      },
      ["access", "cluster", "nodePool", "objectStorage"],
    ],
  ];
  for (const [what, change, expected] of TOGETHER) {
    it(`are all said, and nothing else: ${what}`, async () => {
      const error = await refusal(stackFile(change));
      assert.deepEqual(error?.problems.map((p) => p.subject).sort(), expected, error?.message);
    });
  }

  it("register nothing at all", async () => {
    const { sent, result } = await registrations(() =>
      planOffline(stackFile(change)).then(
        () => "planned",
        (error: Error) => error.name,
      ),
    );
    assert.equal(result, "InvalidArgumentsError");
    assert.deepEqual(
      sent.map((r) => r.getType()).filter((type) => type !== "pulumi:pulumi:Stack"),
      [],
    );
  });

  it("in the component's own arguments register nothing either", async () => {
    const { LoggingStack } = await import("../../../components/loggingStack.ts");
    const { args } = await load(stackFile());
    const { sent } = await registrations(async () =>
      assert.throws(
        () => new LoggingStack("logging", { ...args, loki: { retentionHours: 1 } }),
        /loki\.retentionHours[\s\S]*fix:/,
      ),
    );
    assert.deepEqual(sent, []);
  });
});

describe("what is unusual but meant is accepted", () => {
  const ACCEPTED: Array<[string, (c: Loose) => void]> = [
    [
      "plain HTTP",
      (c) => {
        Object.assign(c.objectStorage, { endpoint: "http://minio:9000", allowPlainHttp: true });
        delete c.objectStorage.caFile;
      },
    ],
    [
      "a VM size of one's own",
      (c) =>
        Object.assign(c.nodePool, {
          vmSize: "Standard_X9",
          vmCapacity: { cpu: 8, memoryGiB: 32, dataDisks: 16 },
        }),
    ],
    [
      "an ephemeral OS disk on a local disk",
      (c) => Object.assign(c.nodePool, { vmSize: "Standard_D4ds_v5", osDiskType: "Ephemeral" }),
    ],
    [
      "an ephemeral OS disk on a size of one's own",
      (c) =>
        Object.assign(c.nodePool, {
          osDiskType: "Ephemeral",
          vmCapacity: { cpu: 8, memoryGiB: 32, dataDisks: 16 },
        }),
    ],
    [
      "a storage class of one's own",
      (c) => {
        c.loki.storage = { storageClass: "ssd-zrs", customStorageClass: true };
      },
    ],
    [
      "a region without zones",
      (c) => {
        c.nodePool.zones = [];
      },
    ],
    [
      "a second schema period in the future",
      (c) => {
        c.loki.schema = [{ from: "2025-01-01" }, { from: "2999-01-01" }];
      },
    ],
    [
      "an existing pool selected by AKS's own label",
      (c) => existingPool(c, { label: { key: "agentpool", value: "log" } }),
    ],
    [
      "no pool",
      (c) => {
        c.nodePool = { mode: "none" };
      },
    ],
    [
      "a cluster by kubeconfig on a pool that exists, without Azure",
      (c) => {
        delete c.cluster.resourceId;
        c.access = { method: "kubeconfig", path: "k", context: "x" };
        existingPool(c);
      },
    ],
    [
      "an existing bucket with a user as this project names them",
      (c) => {
        c.objectStorage.mode = "existing";
        c.objectStorageAccessKey = "loki-prod-aks-a-1";
        c.objectStorageSecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY";
      },
    ],
    [
      "references to Secrets and to the environment in the values",
      (c) => {
        c.loki.values = {
          gateway: { extraEnvFrom: [{ secretRef: { name: "mine" } }] },
          loki: { storage: { s3: { secretAccessKey: "${OTHER_KEY}" } } },
          write: {
            extraEnv: [{ name: "OTHER_KEY", valueFrom: { secretKeyRef: { name: "other", key: "secretKey" } } }],
          },
        };
      },
    ],
  ];
  for (const [what, change] of ACCEPTED) {
    it(what, async () => {
      const secretKeys = ["objectStorageSecretKey"];
      assert.equal((await refusal(stackFile(change, { secretKeys })))?.message, undefined);
    });
  }
});

describe("what is allowed but should be known is a warning", () => {
  const WARNED: Array<[string, (c: Loose) => void, RegExp]> = [
    [
      "no separate pool",
      (c) => {
        c.nodePool = { mode: "none" };
      },
      /nodePool\.mode is none/,
    ],
    [
      "an existing pool of unknown size",
      (c) => existingPool(c, { capacity: undefined }),
      /nodePool\.capacity is not given/,
    ],
    [
      "no addresses of MinIO",
      (c) => {
        delete c.objectStorage.cidrs;
      },
      /objectStorage\.cidrs is not given: Loki may reach any address on port 9000/,
    ],
    [
      "no network policy engine",
      (c) => {
        c.network.policyEngine = "none";
      },
      /network\.policyEngine is none: .* enforces none/,
    ],
  ];
  for (const [what, change, warning] of WARNED) {
    it(what, async () => {
      const { warnings } = await plan(stackFile(change));
      assert.equal(warnings.length, 1, warnings.join("; "));
      assert.match(warnings[0] ?? "", warning);
    });
  }
});
