import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("Loki's config", [
  ...[0, 12, 25, 335, 24.5, -24, 4_800_000].map(
    (retentionHours): Mistake => ({
      what: `a retention of ${retentionHours} hours`,
      change: (c) => {
        c.loki.retentionHours = retentionHours;
      },
      path: "loki.retentionHours",
      given: retentionHours,
      allowed: /a multiple of 24, 24 or more/,
      fix: /^write \d*(24|336|876000)$/,
    }),
  ),
  {
    what: "fewer writers than the replication factor",
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
    what: "a per-stream burst below its rate",
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
    allowed: /at least one period/,
    fix: /2025-01-01/,
  },
  {
    what: "schema periods out of order",
    change: (c) => {
      c.loki.schema = [{ from: "2025-06-01" }, { from: "2025-01-01" }];
    },
    path: "loki.schema[1].from",
    given: "2025-01-01",
    allowed: /a day after the previous period, 2025-06-01/,
    fix: /in order/,
  },
  {
    what: "a repeated schema period",
    change: (c) => {
      c.loki.schema = [{ from: "2025-01-01" }, { from: "2025-01-01" }];
    },
    path: "loki.schema[1].from",
    given: "2025-01-01",
    allowed: /a day after the previous period/,
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
    what: "a memory quantity in GB",
    change: (c) => {
      c.loki.write.resources = { requests: { cpu: "1", memory: "2GB" }, limits: { memory: "4Gi" } };
    },
    path: "loki.write.resources.requests.memory",
    given: "2GB",
    allowed: /memory quantity/,
    fix: /kubernetes\.io/,
  },
  {
    what: "a memory quantity of 0",
    change: (c) => {
      c.loki.write.resources = { requests: { cpu: "1", memory: "0" }, limits: { memory: "0" } };
    },
    path: "loki.write.resources.limits.memory",
    given: "0",
    allowed: /memory quantity/,
    fix: /kubernetes\.io/,
  },
]);

describeMistakes("a chart's address", [
  {
    what: "a chart at an absolute path",
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
]);
