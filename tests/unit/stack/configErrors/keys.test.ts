import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("a key", [
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
]);

describeMistakes("a value of the wrong shape", [
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
    what: "text instead of a group",
    change: (c) => {
      c.loki = "large";
    },
    path: "loki",
    given: "large",
    allowed: /^a map of keys$/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "text instead of a number",
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
  ...[
    ["nodePool", "mode", "crate", "create"],
    ["access", "method", "AKS", "aks"],
    ["monitoring", "kind", "nonne", "none"],
  ].map(
    ([group = "", kind = "", given = "", meant = ""]): Mistake => ({
      what: `a mistyped kind: ${group}.${kind}`,
      change: (c) => {
        c[group] = { ...c[group], [kind]: given };
      },
      path: `${group}.${kind}`,
      given,
      allowed: new RegExp(`one of: .*${meant}`),
      fix: new RegExp(`^did you mean ${meant}\\?`),
    }),
  ),
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
]);
