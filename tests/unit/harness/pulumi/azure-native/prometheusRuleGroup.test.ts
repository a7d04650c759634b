// The stand-in refuses what Azure Monitor refuses.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diff, type Properties } from "../../../../harness/pulumi/azure-native/kind.ts";
import { prometheusRuleGroup } from "../../../../harness/pulumi/azure-native/prometheusRuleGroup.ts";
import { UNKNOWN } from "../../../../harness/pulumi/azure-native/sdkTypes.ts";

const { check, outputs, idOf, refusal, replacing } = prometheusRuleGroup;
const GROUP = "/subscriptions/s/resourceGroups/rg/providers";
const RULE = { alert: "Down", enabled: true, expression: "up == 0", for: "PT5M", severity: 0 };

const group = (more: Properties = {}): Properties => ({
  resourceGroupName: "rg",
  ruleGroupName: "prod-aks-a-logging-loki",
  location: "westeurope",
  enabled: true,
  interval: "PT1M",
  scopes: [
    `${GROUP}/Microsoft.Monitor/accounts/metrics`,
    `${GROUP}/Microsoft.ContainerService/managedClusters/prod-aks-a`,
  ],
  clusterName: "prod-aks-a",
  rules: [RULE],
  ...more,
});

describe("the stand-in's rule groups", () => {
  it("have the types of the SDK", () => {
    assert.deepEqual(check({ ...group(), azureApiVersion: "2023-03-01" }), []);
    const complaints = (more: Properties): string[] => check(group(more)).map(({ property }) => property);
    assert.deepEqual(complaints({ scopes: undefined }), ["scopes"]);
    assert.deepEqual(complaints({ rules: [{ ...RULE, expression: undefined, severity: "0", runbook: "x" }] }), [
      "rules[0].expression",
      "rules[0].severity",
      "rules[0].runbook",
    ]);
    assert.deepEqual(complaints({ ruleGroupName: "a:b" }), ["ruleGroupName"]);
    assert.deepEqual(complaints({ ruleGroupName: UNKNOWN }), []);
  });

  for (const [what, more, complaint] of [
    ["too many rules", { rules: Array.from({ length: 21 }, () => RULE) }, /1 to 20 rules/],
    ["no rule", { rules: [] }, /1 to 20 rules/],
    ["a workspace of Log Analytics", { scopes: [`${GROUP}/Microsoft.OperationalInsights/workspaces/x`] }, /workspace/],
    ["an interval of an hour", { interval: "PT60M" }, /1 and 15 minutes/],
    ["a duration of Prometheus", { rules: [{ ...RULE, for: "5m" }] }, /ISO 8601/],
    ["a severity of Prometheus", { rules: [{ ...RULE, severity: 5 }] }, /0 to 4/],
    ["six action groups", { rules: [{ ...RULE, actions: Array(6).fill({ actionGroupId: "x" }) }] }, /at most 5/],
    ["a receiver that is none", { rules: [{ ...RULE, actions: [{ actionGroupId: "x" }] }] }, /not an action group/],
  ] as const)
    it(`are refused with ${what}`, () => {
      assert.match(refusal(undefined, group(more))?.message ?? "", complaint);
    });

  it("are accepted as Azure accepts them, and keep their ID", () => {
    assert.equal(refusal(undefined, group()), undefined);
    assert.equal(
      idOf("s", group()),
      "/subscriptions/s/resourceGroups/rg/providers/Microsoft.AlertsManagement/prometheusRuleGroups/prod-aks-a-logging-loki",
    );
    const { resourceGroupName, name, rules } = outputs(group(), "prod-aks-a-logging-loki");
    assert.deepEqual([resourceGroupName, name, rules], [undefined, "prod-aks-a-logging-loki", [RULE]]);
  });

  it("are replaced for another name or place, and else updated", () => {
    const changes = (more: Properties): unknown[] =>
      [...diff(group(), group(more), replacing)].map(([path, { replaces }]) => [path, replaces]);
    assert.deepEqual(changes({ location: "northeurope" }), [["location", true]]);
    assert.deepEqual(changes({ interval: "PT5M" }), [["interval", false]]);
  });
});
