import type { Findings } from "../findings.ts";
import { LOKI_RELEASE } from "../releaseNames.ts";

/** The exclusion that keeps a pod's lines from being collected. */
export const excludedBy = (exclude: readonly string[], namespace: string, pod: string): string | undefined =>
  exclude.find((pattern) => {
    const [excluded, name = "*"] = pattern.split("/");
    // Only * is special in a pattern.
    const like = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
    return excluded === namespace && like.test(pod);
  });

/** Refuses to exclude the canary's own lines: it would report every one as lost. */
export function checkCanaryCollected(
  { canary, exclude, namespace }: { canary: boolean; exclude: readonly string[]; namespace: string },
  findings: Findings,
): void {
  const by = canary ? excludedBy(exclude, namespace, `${LOKI_RELEASE}-canary-x`) : undefined;
  findings.check(by === undefined, {
    subject: "alloy.exclude",
    given: by,
    text: `no pattern that matches the canary, ${namespace}/${LOKI_RELEASE}-canary-…: it looks for its own lines, and would report them as lost`,
    fix: `exclude what you mean by name (${namespace}/${LOKI_RELEASE}-write-*), or write loki.canary: false`,
  });
}
