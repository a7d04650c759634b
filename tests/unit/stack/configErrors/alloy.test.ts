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
]);
