import type { Findings } from "../findings.ts";
import { isFound } from "../regularExpressions.ts";
import { CANARY_CONTAINER, LOKI_RELEASE } from "../releaseNames.ts";
import type { Alloy } from "./args.ts";
import { excludedBy } from "./exclusions.ts";
import { matchesPattern } from "./namespacePatterns.ts";

/** As the canary writes it: the time in nanoseconds, and padding. https://grafana.com/docs/loki/latest/operations/loki-canary/ */
const LINE = `1557935669096040128 ${"p".repeat(80)}`;

/** What the canary's lines depend on. */
type Rules = Pick<Alloy, "exclude" | "drop" | "mask" | "multiline">;

/** Refuses rules that keep back or change the canary's own lines: it would report every one as lost. */
export function checkCanaryLines(rules: Rules, namespace: string, findings: Findings): void {
  const has = ({ namespaces }: { namespaces?: readonly string[] | undefined }): boolean =>
    namespaces?.some((pattern) => matchesPattern(pattern, namespace)) ?? true;
  const refuse = (subject: string, given: unknown, fix: string): void =>
    findings.problem({
      ...{ subject, given, fix: `${fix}, or write loki.canary: false` },
      text: `nothing that matches the canary's lines, ${namespace}/${LOKI_RELEASE}-canary-…: it looks for them, and would report them as lost`,
    });

  findings.when(["alloy.exclude"], () => {
    const by = excludedBy(rules.exclude, namespace, `${LOKI_RELEASE}-canary-x`);
    if (by) refuse("alloy.exclude", by, `exclude what you mean by name (${namespace}/${LOKI_RELEASE}-write-*)`);
  });
  for (const kind of ["drop", "mask"] as const)
    findings.when([`alloy.${kind}`], () => {
      for (const [i, rule] of rules[kind].entries())
        if (rule.pattern && !("belowLevel" in rule) && has(rule) && isFound(rule.pattern, LINE))
          refuse(`alloy.${kind}[${i}].pattern`, rule.pattern, "write more of what the lines that you mean contain");
    });
  findings.when(["alloy.multiline"], () => {
    for (const [i, rule] of rules.multiline.entries()) {
      const isAbout = has(rule) && (rule.containers?.includes(CANARY_CONTAINER) ?? true);
      if (rule.firstLine && isAbout && !isFound(`^(?:${rule.firstLine})`, LINE))
        refuse(`alloy.multiline[${i}]`, rule.firstLine, "name the containers that you mean");
    }
  });
}
