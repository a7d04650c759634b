import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("Alloy's config", [
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
  ...["team_a", "team-a/", "team-a/*", "*/pod", "a,b", "team-a/{x,y}", "*", "**", "a**b", "-a", "a-", "team-?"].map(
    (pattern): Mistake => ({
      what: `the exclusion ${pattern}`,
      change: (c) => {
        c.alloy.exclude = ["kube-system", pattern];
      },
      path: "alloy.exclude[1]",
      given: pattern,
      allowed: /namespace\/pod .*where \* stands for/,
      fix: /write the namespace/,
    }),
  ),
  {
    what: "a rule that drops every line of a namespace",
    change: (c) => {
      c.alloy.drop = [{ namespaces: ["team-a"] }];
    },
    path: "alloy.drop[0]",
    given: { namespaces: ["team-a"] },
    allowed: /belowLevel, pattern or both/,
    fix: /add belowLevel or pattern/,
  },
  {
    what: "a rule for every namespace",
    change: (c) => {
      c.alloy.drop = [{ namespaces: ["*"], belowLevel: "info" }];
    },
    path: "alloy.drop[0].namespaces[0]",
    given: "*",
    allowed: /not \* alone/,
    fix: /kubectl get namespaces/,
  },
  {
    what: "a level below which nothing is",
    change: (c) => {
      c.alloy.drop = [{ namespaces: ["team-a"], belowLevel: "trace" }];
    },
    path: "alloy.drop[0].belowLevel",
    given: "trace",
    allowed: /debug/,
    fix: /./,
  },
  ...["health(?!y)", "(?<=GET )/health", "(a)\\1", "(", "a**", "x{1001}"].map(
    (pattern): Mistake => ({
      what: `the pattern ${pattern}`,
      change: (c) => {
        c.alloy.drop = [{ namespaces: ["team-a"], pattern }];
      },
      path: "alloy.drop[0].pattern",
      given: pattern,
      allowed: /RE2, which has no lookahead/,
      fix: /correct it: (invalid|missing)/,
    }),
  ),
  ...[{}, { kind: "card", pattern: "x" }, { kind: "card", name: "x" }, { name: "x" }].map(
    (rule): Mistake => ({
      what: `a rule to mask ${JSON.stringify(rule)}`,
      change: (c) => {
        c.alloy.mask = [rule];
      },
      path: "alloy.mask[0]",
      given: rule,
      allowed: /either kind, or pattern/,
      fix: /one rule for each/,
    }),
  ),
  ...[{}, { kind: "java", firstLine: "x" }].map(
    (rule): Mistake => ({
      what: `a rule for several lines ${JSON.stringify(rule)}`,
      change: (c) => {
        c.alloy.multiline = [{ namespaces: ["team-a"], ...rule }];
      },
      path: "alloy.multiline[0]",
      given: { namespaces: ["team-a"], ...rule },
      allowed: /either kind or firstLine/,
      fix: /one rule for each/,
    }),
  ),
  ...["a$", "^a|^b", "(^a)", "a\\z", "[a-z]+^"].map(
    (firstLine): Mistake => ({
      what: `the first line ${firstLine}`,
      change: (c) => {
        c.alloy.multiline = [{ namespaces: ["team-a"], firstLine }];
      },
      path: "alloy.multiline[0].firstLine",
      given: firstLine,
      allowed: /without \^ and \$/,
      fix: /what the line begins with/,
    }),
  ),
  {
    what: "a first line with lookahead",
    change: (c) => {
      c.alloy.multiline = [{ namespaces: ["team-a"], firstLine: "(?!\\s)." }];
    },
    path: "alloy.multiline[0].firstLine",
    given: "(?!\\s).",
    allowed: /RE2, which has no lookahead/,
    fix: /correct it: invalid/,
  },
  {
    what: "a name with other characters",
    change: (c) => {
      c.alloy.mask = [{ pattern: "C-\\d+", name: "Customer]" }];
    },
    path: "alloy.mask[0].name",
    given: "Customer]",
    allowed: /lower-case letters/,
    fix: /choose a short name/,
  },
  ...["", ".*", "x?", "health|"].map(
    (pattern): Mistake => ({
      what: `the pattern ${pattern}, which every line matches`,
      change: (c) => {
        c.alloy.drop = [{ namespaces: ["team-a"], pattern }];
      },
      path: "alloy.drop[0].pattern",
      given: pattern,
      allowed: /./,
      fix: /./,
    }),
  ),
  ...[0, 1, 10, 0.0001].map(
    (sample): Mistake => ({
      what: `a sample of ${sample}`,
      change: (c) => {
        c.alloy.drop = [{ namespaces: ["team-a"], pattern: "health", sample }];
      },
      path: "alloy.drop[0].sample",
      given: sample,
      allowed: /0\.001|0\.999/,
      fix: /./,
    }),
  ),
]);
