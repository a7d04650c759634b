// Prometheus's own test program evaluates every alert: on series that make it fire, and on series that do not.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { stringify } from "yaml";
import { prometheusRuleSpec } from "../../components/monitoring/rules.ts";
import type { AlertCase, Series } from "../harness/alertCases/alertCase.ts";
import { ALERT_CASES, WITHOUT_SILENCE } from "../harness/alertCases/all.ts";
import type { Loose } from "../harness/manifest.ts";
import { load, stackFile } from "../harness/plannedStack.ts";
import { programMissing } from "../harness/programs.ts";
import { file, run } from "./runProgram.ts";

type Rule = ReturnType<typeof prometheusRuleSpec>["groups"][number]["rules"][number];

async function rulesWith(change: AlertCase["change"]): Promise<Loose> {
  const { resolved } = await load(
    stackFile((c) => {
      c.monitoring = { kind: "prometheusOperator" };
      change?.(c.monitoring, c);
    }),
  );
  assert.ok(resolved.monitoring.kind === "prometheusOperator");
  return prometheusRuleSpec(resolved, resolved.monitoring);
}

const rulesIn = (spec: Loose): Rule[] => spec.groups.flatMap(({ rules }: Loose) => rules);

/** promtool's notation of missing values: `_` each. */
const valuesOf = (values: string): string => values.replace(/_x(\d+)/g, (_, n) => "_ ".repeat(Number(n)).trim());

/** An alert that fires. */
interface Fired {
  readonly labels: Record<string, string>;
  readonly summary: string;
}

/** The alerts that fire after some minutes, by promtool, which is asked to expect none. */
function fired(rule: Rule, series: Series, minutes: number): Fired[] {
  const rules = { groups: [{ name: "one", rules: [rule] }] };
  const test = {
    rule_files: [file(`${rule.alert}.rules.yaml`, stringify(rules))],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: Object.entries(series).map(([key, values]) => ({ series: key, values: valuesOf(values) })),
        alert_rule_test: [{ eval_time: `${minutes}m`, alertname: rule.alert, exp_alerts: [] }],
      },
    ],
  };
  const { status, output } = run("promtool", ["test", "rules", file(`${rule.alert}.test.yaml`, stringify(test))]);
  const found = [...output.matchAll(/Labels:\{(.*)\}\s+Annotations:\{(.*)\}/g)].map(
    ([, labels = "", annotations = ""]) => ({
      labels: pairsOf(labels),
      summary: pairsOf(annotations).summary ?? "",
    }),
  );
  assert.equal(found.length === 0, status === 0, output);
  return found;
}

const pairsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)].map(([, key = "", value = ""]) => [key, JSON.parse(value)]),
  );

describe("promtool", { skip: programMissing("promtool") }, () => {
  it("accepts the rules, and each has a case", async () => {
    const spec = await rulesWith((monitoring, config) => {
      monitoring.thresholds = { bucketGiB: 100 };
      config.alloy = { ...config.alloy, events: { enabled: true }, journal: { units: ["kernel"] } };
    });
    const { status, output } = run("promtool", ["check", "rules", file("all.rules.yaml", stringify(spec))]);
    assert.equal(status, 0, output);
    assert.deepEqual(
      rulesIn(spec)
        .map(({ alert }) => alert)
        .sort(),
      Object.keys(ALERT_CASES).sort(),
    );
  });

  for (const [name, { fires, silent, minutes, labels = {}, change }] of Object.entries(ALERT_CASES)) {
    describe(name, () => {
      let rule: Rule;
      before(async () => {
        rule = rulesIn(await rulesWith(change)).find(({ alert }) => alert === name) as Rule;
      });

      it("fires once, with its labels and a summary that is filled in", () => {
        const [alert, ...others] = fired(rule, fires, minutes);
        assert.ok(alert, "it does not fire");
        assert.deepEqual(others, []);
        assert.deepEqual(alert.labels, { alertname: name, ...rule.labels, ...labels });
        assert.doesNotMatch(alert.summary, /\{\{|<no value>|error expanding/);
        assert.ok(alert.summary.length > 30, alert.summary);
      });

      it("does not fire", { skip: WITHOUT_SILENCE.includes(name) && "it always fires" }, () => {
        assert.deepEqual(fired(rule, silent, minutes), []);
      });
    });
  }
});
