import assert from "node:assert/strict";
import { it } from "node:test";
import { alertGroups } from "../../../components/monitoring/alerts/pack.ts";
import { load, stackFile } from "../../harness/plannedStack.ts";
import { parseExpression } from "../../harness/promql.ts";

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
