import type { Findings } from "../findings.ts";
import { checkNotOwned, type Values } from "../helm/mergeValues.ts";
import { type ChartSource, resolveChart } from "../helm/release.ts";
import { checkNoSecrets } from "../helm/secretsInValues.ts";
import type { AlloyArgs, ResourcesArgs } from "../loggingStackArgs.ts";
import { checkResources } from "../quantities.ts";
import { ALLOY_CHART } from "./chart.ts";

/** Alloy with every default in place. */
export interface ResolvedAlloy {
  readonly chart: ChartSource;
  readonly resources: ResourcesArgs;
  readonly exclude: readonly string[];
  readonly bufferMiB: number;
  readonly maxLinesPerSecond: number;
  readonly timeoutSeconds: number;
  readonly values: Values;
}

/** Values of the Alloy chart that an argument sets, by the argument: the escape hatch leaves these alone. */
export const ALLOY_OWNED_VALUES: Readonly<Record<string, string>> = {
  "alloy.resources": "alloy.resources",
  "global.image.registry": "images.registry",
  "global.image.pullSecrets": "images.pullSecrets",
};

/** Defaults and checks of Alloy. */
export function resolveAlloy(args: AlloyArgs, findings: Findings): ResolvedAlloy {
  const exclude = args.exclude ?? [];
  for (const [i, pattern] of exclude.entries()) {
    findings.check(
      /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\/[a-z0-9*][a-z0-9.*-]*)?$/.test(pattern) && !pattern.endsWith("/*"),
      {
        subject: `alloy.exclude[${i}]`,
        given: pattern,
        text: "a namespace (kube-system), or namespace/pod where * stands for any characters (team-a/load-test-*)",
        fix: "write the namespace in full; for a whole namespace leave out the /",
      },
    );
  }
  findings.check(args.bufferMiB === undefined || args.bufferMiB >= 512, {
    subject: "alloy.bufferMiB",
    given: args.bufferMiB,
    text: "512 or more: the buffer is kept in files of 128 MiB, and the newest three stay",
    fix: "leave it out to get 10240; docs/loss-contract.md says how long that lasts",
  });
  checkNoSecrets(args.values, "alloy.values", findings);
  checkNotOwned(args.values ?? {}, ALLOY_OWNED_VALUES, "alloy.values", findings);
  return {
    chart: resolveChart(ALLOY_CHART, args.chart, "alloy.chart", findings),
    // No CPU limit: throttling the agent would turn a burst of logs into a backlog, and a backlog into lost files.
    resources: checkResources(
      args.resources ?? { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } },
      "alloy.resources",
      findings,
    ),
    exclude,
    bufferMiB: args.bufferMiB ?? 10_240,
    maxLinesPerSecond: args.maxLinesPerSecond ?? 5000,
    timeoutSeconds: args.timeoutSeconds ?? 1800,
    values: args.values ?? {},
  };
}

/**
 * The exclusions as one glob for Alloy's `__path_exclude__`. The kubelet's folders are `<namespace>_<pod>_<uid>`.
 * https://grafana.com/docs/alloy/latest/reference/components/local/local.file_match/
 */
export function excludeGlob(exclude: readonly string[]): string {
  const folders = exclude.map((pattern) => {
    const [namespace, pod = "*"] = pattern.split("/");
    return `${namespace}_${pod}_*`;
  });
  return folders.length === 0 ? "" : `/var/{log/pods,lib/alloy/replay}/{${folders.join(",")}}/*/*.log`;
}
