import { z } from "zod";
import { explained } from "../argumentTypes.ts";
import type { Findings } from "../findings.ts";
import { isMap, type Values } from "../helm/mergeValues.ts";
import { containerName, namespaceName } from "../kubernetesNames.ts";
import { TENANT } from "./effectiveConfig.ts";

/** A century. Loki cannot read a duration of three. */
const MOST_HOURS = 876_000;

/** How long lines are kept, hours. */
export const keptHours = z.number().refine(
  (hours) => hours >= 24 && hours <= MOST_HOURS && hours % 24 === 0,
  explained({
    text: `a multiple of 24, 24 or more: the compactor deletes whole index tables of 24 h. At most ${MOST_HOURS}, a century`,
    fix: (hours: number) => `write ${Math.min(MOST_HOURS, Math.max(24, Math.round(hours / 24) * 24))}`,
  }),
);

// There is no `level`: Loki keeps or deletes whole chunks by the labels of their stream, and the level of a line is not a label but
// structured metadata. https://github.com/grafana/loki/blob/v3.7.6/pkg/compactor/retention/expiration.go
/** How long the lines of one namespace, or of one of its containers, are kept. */
export const retentionRule = z.strictObject({
  /** The namespace, as `kubectl get namespaces` prints it. */
  namespace: namespaceName,
  /**
   * Only this container of its pods. Such a rule goes before the rule of the whole namespace.
   * @default - every container
   */
  container: containerName.optional(),
  /** Hours, a multiple of 24. May be more than `loki.retentionHours`, or less. */
  hours: keptHours,
});

type RetentionRule = z.output<typeof retentionRule>;

/** How long Loki keeps lines: `loki.retentionHours`, unless a rule of `loki.retention` is about them. */
export interface Retention {
  readonly retentionHours: number;
  readonly retention: readonly RetentionRule[];
}

/** Hours after which no line is left. */
export const longestRetention = ({ retentionHours, retention }: Retention): number =>
  Math.max(retentionHours, ...retention.map(({ hours }) => hours));

/** Hours that the lines of a container are kept. */
export const hoursKept = ({ retentionHours, retention }: Retention, namespace: string, container: string): number => {
  const rules = retention.filter((rule) => rule.namespace === namespace);
  const rule = rules.find((one) => one.container === container) ?? rules.find((one) => one.container === undefined);
  return rule?.hours ?? retentionHours;
};

/** The rules as Loki's `retention_stream`. Of two rules for a line, the one for its container has the higher priority. */
export const retentionStreams = (rules: readonly RetentionRule[]): Values[] =>
  rules
    .map(({ namespace, container, hours }) => ({
      selector: container ? `{namespace="${namespace}", container="${container}"}` : `{namespace="${namespace}"}`,
      priority: container ? 2 : 1,
      period: `${hours}h`,
    }))
    // Another order in the stack file changes nothing.
    .sort((a, b) => b.priority - a.priority || (a.selector < b.selector ? -1 : 1));

const IN_VALUES = [
  ["loki", "limits_config", "retention_stream"],
  ["loki", "structuredConfig", "limits_config", "retention_stream"],
  ["loki", "runtimeConfig", "overrides", TENANT, "retention_stream"],
] as const;

/** Checks the rules together, and that the escape hatch has no others. */
export function checkRetention(rules: readonly RetentionRule[], values: Values, findings: Findings): void {
  const first = new Map<string, number>();
  rules.forEach((rule, i) => {
    const lines = `${rule.namespace}/${rule.container ?? ""}`;
    const other = first.get(lines);
    findings.check(other === undefined, {
      subject: `loki.retention[${i}]`,
      given: rule,
      text: `one rule for the same lines: loki.retention[${other}] is about them too`,
      fix: `remove loki.retention[${i}] or loki.retention[${other}]`,
    });
    first.set(lines, other ?? i);
  });
  if (rules.length === 0) return;
  for (const path of IN_VALUES) {
    const given = path.reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), values);
    findings.check(given === undefined, {
      subject: `loki.values.${path.join(".")}`,
      text: "nothing here beside loki.retention: Loki has one list of rules",
      fix: "write all rules in loki.retention, or all of them here",
    });
  }
}
