import { describeMistakes, type Mistake } from "./mistakes.ts";

const streams = [{ selector: '{namespace="dev"}', priority: 1, period: "24h" }];

describeMistakes("the retention of a namespace", [
  ...[0, 12, 25, -24, 24.5, 4_800_000].map(
    (hours): Mistake => ({
      what: `${hours} hours`,
      change: (c) => {
        c.loki.retention = [{ namespace: "dev", hours }];
      },
      path: "loki.retention[0].hours",
      given: hours,
      allowed: /a multiple of 24, 24 or more/,
      fix: /^write (24|876000)$/,
    }),
  ),
  {
    what: "hours that are text",
    change: (c) => {
      c.loki.retention = [{ namespace: "dev", hours: "24" }];
    },
    path: "loki.retention[0].hours",
    given: "24",
    allowed: /a number/,
    fix: /without quotes/,
  },
  {
    what: "no namespace",
    change: (c) => {
      c.loki.retention = [{ container: "app", hours: 24 }];
    },
    path: "loki.retention[0].namespace",
    allowed: /a value is needed/,
    fix: /kubectl get namespaces/,
  },
  ...["team-*", "Dev", 'dev"} or {a="b'].map(
    (namespace): Mistake => ({
      what: `the namespace ${namespace}`,
      change: (c) => {
        c.loki.retention = [{ namespace, hours: 24 }];
      },
      path: "loki.retention[0].namespace",
      given: namespace,
      allowed: /a Kubernetes namespace/,
      fix: /kubectl get namespaces/,
    }),
  ),
  {
    what: "a container's name that no pod can have",
    change: (c) => {
      c.loki.retention = [{ namespace: "dev", container: "App", hours: 24 }];
    },
    path: "loki.retention[0].container",
    given: "App",
    allowed: /a container: lower-case letters/,
    fix: /kubectl get pods/,
  },
  {
    what: "a level, which Loki cannot select",
    change: (c) => {
      c.loki.retention = [{ namespace: "dev", level: "debug", hours: 24 }];
    },
    path: "loki.retention[0].level",
    allowed: /one of: namespace, container, hours/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "a second rule for a namespace",
    change: (c) => {
      c.loki.retention = [
        { namespace: "dev", hours: 24 },
        { namespace: "dev", container: "app", hours: 24 },
        { namespace: "dev", hours: 48 },
      ];
    },
    path: "loki.retention[2]",
    given: { namespace: "dev", hours: 48 },
    allowed: /loki\.retention\[0\] is about them too/,
    fix: /remove loki\.retention\[2\] or loki\.retention\[0\]/,
  },
  {
    what: "a second rule for a container",
    change: (c) => {
      c.loki.retention = [
        { namespace: "dev", container: "app", hours: 24 },
        { namespace: "dev", container: "app", hours: 24 },
      ];
    },
    path: "loki.retention[1]",
    given: { namespace: "dev", container: "app", hours: 24 },
    allowed: /loki\.retention\[0\] is about them too/,
    fix: /remove/,
  },
  ...(["limits_config", "structuredConfig.limits_config", "runtimeConfig.overrides.fake"] as const).map(
    (section): Mistake => ({
      what: `a list of rules in the escape hatch too, in ${section}`,
      change: (c) => {
        c.loki.retention = [{ namespace: "dev", hours: 24 }];
        const limits = { retention_stream: streams };
        const loki = section.split(".").reduceRight<object>((inside, key) => ({ [key]: inside }), limits);
        c.loki.values = { loki };
      },
      path: `loki.values.loki.${section}.retention_stream`,
      allowed: /nothing here beside loki\.retention/,
      fix: /all rules in loki\.retention/,
    }),
  ),
]);
