import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("the guard rails of queries", [
  {
    what: "a timeout that the gateway does not wait for",
    change: (c) => {
      c.loki.queries = { timeoutSeconds: 600 };
    },
    path: "loki.queries.timeoutSeconds",
    given: 600,
    allowed: /less than 600: then the gateway ends the request/,
    fix: /write 300/,
  },
  ...(["maxReadGb", "maxSeries", "maxEntries", "maxQueued"] as const).map(
    (key): Mistake => ({
      what: `${key} of 0, which Loki reads as no limit`,
      change: (c) => {
        c.loki.queries = { [key]: 0 };
      },
      path: `loki.queries.${key}`,
      given: 0,
      allowed: /at least 1/,
      fix: /docs\/arguments\.md/,
    }),
  ),
  ...["(", "a(?!b)", "(?<=a)b", "(a)\\1"].map(
    (pattern): Mistake => ({
      what: `the blocked expression ${pattern}, which Loki cannot read`,
      change: (c) => {
        c.loki.queries = { blocked: [{ pattern, regex: true }] };
      },
      path: "loki.queries.blocked[0].pattern",
      given: pattern,
      allowed: /a regular expression of RE2/,
      fix: /leave out regex/,
    }),
  ),
  {
    what: "an unknown kind of query",
    change: (c) => {
      c.loki.queries = { blocked: [{ pattern: "x", types: ["metrics"] }] };
    },
    path: "loki.queries.blocked[0].types[0]",
    given: "metrics",
    allowed: /one of: metric, filter, limited/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "an empty blocked query, which Loki reads as every query",
    change: (c) => {
      c.loki.queries = { blocked: [{ pattern: "" }] };
    },
    path: "loki.queries.blocked[0].pattern",
    given: "",
    allowed: /text that is not empty/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "a guard rail in the escape hatch",
    change: (c) => {
      c.loki.values = { loki: { limits_config: { max_query_series: 9000 } } };
    },
    path: "loki.values.loki.limits_config.max_query_series",
    given: 9000,
    allowed: /loki\.queries\.maxSeries sets it/,
    fix: /set loki\.queries\.maxSeries/,
  },
]);
