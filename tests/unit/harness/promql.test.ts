import assert from "node:assert/strict";
import { it } from "node:test";
import { alertGroups } from "../../../components/monitoring/alerts/pack.ts";
import { monitoringOf } from "../../harness/alerts/alertWatch.ts";
import { FASTER, fasterRules } from "../../harness/alerts/fasterRules.ts";
import { load, stackFile } from "../../harness/plannedStack.ts";
import { parseExpression, withShorterDurations } from "../../harness/promql.ts";

it("finds the metrics, the conditions and the labels of an expression", () => {
  const expression = 'sum by (node) (rate(sent{a="1", b=~"x|y"}[5m])) > 0 unless on (pod) absent(up{c!="2"} offset 5m)';
  assert.deepEqual(parseExpression(expression), {
    selectors: [
      {
        metric: "sent",
        matchers: [
          { label: "a", operator: "=", value: "1" },
          { label: "b", operator: "=~", value: "x|y" },
        ],
      },
      { metric: "up", matchers: [{ label: "c", operator: "!=", value: "2" }] },
    ],
    groupedBy: ["node", "pod"],
  });
});

it("refuses what is not PromQL", () => {
  for (const wrong of ["sum(", "rate(a[5m]) >", "a{b=c}", "sum by node (a)"])
    assert.throws(() => parseExpression(wrong), /not PromQL/, wrong);
});

it("every expression of the alerts is PromQL, and reads only this cluster's series", async () => {
  const { resolved } = await load(
    stackFile((c) => {
      c.monitoring = { kind: "prometheusOperator", thresholds: { bucketGiB: 100 } };
    }),
  );
  assert.ok(resolved.monitoring.kind !== "none");
  for (const { name, expression } of alertGroups(resolved, resolved.monitoring).flatMap(({ alerts }) => alerts)) {
    for (const { metric, matchers } of parseExpression(expression).selectors) {
      const own = /^kube_/.test(metric)
        ? ["namespace"]
        : /^minio_/.test(metric)
          ? ["bucket"]
          : ["cluster", "namespace"];
      for (const label of own)
        assert.ok(
          matchers.some((m) => m.label === label && m.operator === "="),
          `${name}: ${label}`,
        );
    }
  }
});

it("divides every range, step and offset, and no number and no text", () => {
  assert.equal(
    withShorterDurations('rate(a{b="5m"}[5m]) > 24 * 3600 unless c offset 1h30m or max_over_time(d[1d:30s]) > 10', 10),
    'rate(a{b="5m"}[30000ms]) > 24 * 3600 unless c offset 540000ms or max_over_time(d[8640000ms:3000ms]) > 10',
  );
  assert.throws(() => withShorterDurations("rate(a[5m]) >", 10), /not PromQL/);
});

it("the pipeline tier evaluates the stack's own alerts, in shorter time", async () => {
  const { rules } = await monitoringOf("prod-aks-a");
  const faster = fasterRules(rules);
  const withoutTimes = (all: typeof rules) =>
    all.groups.map(({ name, rules: list }) => ({
      name,
      rules: list.map(({ for: _, expr, ...rule }) => ({ ...rule, expr: expr.replace(/(\[|offset )\w+/g, "$1") })),
    }));
  assert.deepEqual(withoutTimes(faster), withoutTimes(rules));
  const times = (all: typeof rules) =>
    all.groups.flatMap((group) => group.rules.map((rule) => Number.parseInt(rule.for ?? "0", 10)));
  assert.deepEqual(
    times(faster),
    times(rules).map((minutes) => (minutes * 60_000) / FASTER),
  );
  assert.ok(faster.groups.some((group) => group.rules.some(({ expr }) => expr.includes("[90000ms]"))));
});
