import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import * as pulumi from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { InvalidArgumentsError } from "../findings.ts";
import { oneGenerationAtATime } from "../gateway/password.ts";
import { releaseDefaults } from "../helm/releaseDefaults.ts";
import { LOKI_RELEASE } from "../releaseNames.ts";
import type { LokiReferences } from "./references.ts";
import { type LokiPeriod, schemaHistoryProblems } from "./schema.ts";
import { lokiValues } from "./values.ts";

/**
 * Registers Loki's release, and refuses an update that edits a past schema period or skips a generation of the gateway's password.
 */
export function createLokiRelease(
  name: string,
  namespace: pulumi.Input<string>,
  args: ResolvedArgs,
  refs: LokiReferences,
  opts: pulumi.CustomResourceOptions,
): Release {
  return new Release(
    `${name}-loki`,
    {
      ...releaseDefaults,
      ...args.loki.chart,
      name: LOKI_RELEASE,
      namespace,
      timeout: args.loki.timeoutSeconds,
      values: lokiValues(args, refs),
    },
    {
      ...opts,
      deleteBeforeReplace: true,
      hooks: {
        beforeUpdate: [keepSchemaHistory(name), oneGenerationAtATime(`${name}-loki`, "gateway")],
      },
    },
  );
}

/**
 * A hook that refuses an update that edits a past schema period. It also runs at preview. Only the deployed release knows the past
 * periods.
 */
const keepSchemaHistory = (name: string): pulumi.ResourceHook =>
  new pulumi.ResourceHook(
    `${name}-loki-schema-history`,
    ({ oldInputs, newInputs }) => {
      const problems = schemaHistoryProblems(periodsOf(oldInputs), periodsOf(newInputs));
      if (problems.length > 0) throw new InvalidArgumentsError("Loki's schema", problems);
    },
    { onDryRun: true },
  );

const periodsOf = (inputs: Record<string, unknown> | undefined): LokiPeriod[] => {
  const values = inputs?.values as { loki?: { schemaConfig?: { configs?: LokiPeriod[] } } } | undefined;
  return values?.loki?.schemaConfig?.configs ?? [];
};
