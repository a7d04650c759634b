import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { oneGenerationAtATime } from "../gateway/password.ts";
import { releaseDefaults } from "../helm/releaseDefaults.ts";
import { ALLOY_RELEASE } from "../releaseNames.ts";
import { type AlloyReferences, alloyValues } from "./values.ts";

/** Registers Alloy's release, and refuses an update that skips a generation of the gateway's password. */
export function createAlloyRelease(
  name: string,
  namespace: pulumi.Input<string>,
  args: ResolvedArgs,
  refs: AlloyReferences,
  opts: pulumi.CustomResourceOptions,
): Release {
  return new Release(
    `${name}-alloy`,
    {
      ...releaseDefaults,
      ...args.alloy.chart,
      name: ALLOY_RELEASE,
      namespace,
      timeout: args.alloy.timeoutSeconds,
      skipCrds: true,
      values: alloyValues(args, refs),
    },
    {
      ...opts,
      deleteBeforeReplace: true,
      hooks: { beforeUpdate: [oneGenerationAtATime(`${name}-alloy`, "controller")] },
    },
  );
}
