// The operations of `npm run deploy`, as a library for your programs.
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { deployedNamespace } from "../../stack/rightCluster.ts";
import type { Level } from "../changes/levels.ts";
import { verdictProblem } from "../changes/publish.ts";
import { promisesIn, reportOf } from "../engine/stackPreview.ts";
import { protectedResources, stateOf } from "../engine/stackState.ts";
import { wholePreview } from "../engine/wholePreview.ts";
import { destroyPlan } from "./destroyPlan.ts";
import { bucketsOutOfSight, lostProtected } from "./forgottenBuckets.ts";
import type { OperationResult } from "./result.ts";
import { type OperationOptions, operate } from "./runningOperation.ts";

export { previewStack } from "../engine/stackPreview.ts";
export type { Operation, OperationEvent, OperationResult, Outcome } from "./result.ts";
export type { OperationOptions } from "./runningOperation.ts";

/** Options of `up`. */
export interface UpOptions extends OperationOptions {
  /** Stops before a change of this level or a worse one. Destruction stops in any case. */
  readonly failOn?: Level;
  /** Allows a destructive change. */
  readonly acceptDestructive?: boolean;
}

/** Options of `refresh`. */
export interface RefreshOptions extends OperationOptions {
  /** Clears the pending operations that a killed engine left in the state. */
  readonly clearPendingCreates?: boolean;
}

/** Options of `destroy`. */
export interface DestroyOptions extends OperationOptions {
  /** Deletes everything except protected resources, which is the bucket with its logs. */
  readonly keepBucket?: boolean;
}

/**
 * Deploys a stack: checks the cluster and the stack's promises, previews the changes, stops if their verdict is worse than allowed, then updates. Runs in the
 * project's folder, as the `pulumi` CLI does.
 *
 * @throws if the config is invalid or the stack does not exist.
 * @example
 * const result = await up("prod-aks-a", { onEvent: console.log });
 * if (result.outcome !== "succeeded") for (const { subject, text, fix } of result.findings) console.log(subject, text, fix);
 */
export const up = (stack: string, options: UpOptions = {}): Promise<OperationResult> =>
  operate("up", stack, options, async (running) => {
    const held = await running.wrongCluster();
    if (held.length > 0) return running.finish("refused", { findings: held });
    running.begin("preview");
    const { broken, warnings } = await promisesIn(stack, running.handle, options);
    if (broken.length > 0) return running.finish("refused", { findings: broken });
    const report = await reportOf(stack, running.handle, { ...options, warnings });
    options.onEvent?.({ event: "report", stack, report });
    const stop = verdictProblem(report, options.failOn ?? "destructive", options.acceptDestructive === true);
    if (stop) {
      const fix = "read the report; --accept-destructive or a higher --fail-on allows the change";
      return running.finish("stopped", { report, findings: [{ subject: stack, text: stop, fix }] });
    }
    return running.engine((engineOptions) => running.handle.up(engineOptions), { report });
  });

/**
 * Deletes a stack's resources, and reports beforehand which go and which stay. Refuses while the stack has a protected resource: the
 * engine would delete the writers and their keys first, and fail at the bucket last. `keepBucket` deletes everything else.
 *
 * @throws if the config is invalid or the stack does not exist.
 */
export const destroy = (stack: string, options: DestroyOptions = {}): Promise<OperationResult> =>
  operate("destroy", stack, options, async (running) => {
    const held = await running.wrongCluster();
    if (held.length > 0) return running.finish("refused", { findings: held });
    const excludeProtected = options.keepBucket === true;
    running.begin("preview");
    const state = await stateOf(running.handle);
    const kept = excludeProtected ? [] : protectedResources(state);
    if (kept.length > 0)
      return running.finish("refused", {
        findings: kept.map(({ name }) => ({
          subject: name,
          text: "is protected: nothing is deleted while it is in the plan",
          fix: `to delete everything else: npm run deploy -- destroy --stack ${stack} --keep-bucket; to delete the bucket with all logs as well: docs/operations.md, "Delete a bucket"`,
        })),
      });
    const events: EngineEvent[] = [];
    await running.handle.previewDestroy({
      excludeProtected,
      onEvent: (event) => events.push(event),
      color: "never",
      ...(options.signal && { signal: options.signal }),
    });
    const plan = destroyPlan(wholePreview(events), state);
    options.onEvent?.({ event: "plan", stack, plan });
    return running.engine((engineOptions) => running.handle.destroy({ ...engineOptions, excludeProtected }), { plan });
  });

/**
 * Reads the real resources into the state. Changes nothing in the cluster, the cloud and MinIO. Refuses if a bucket cannot be seen,
 * because the state would forget it.
 *
 * @throws if the config is invalid or the stack does not exist.
 */
export const refresh = (stack: string, options: RefreshOptions = {}): Promise<OperationResult> =>
  operate("refresh", stack, options, async (running) => {
    const state = await stateOf(running.handle);
    const held = [
      // A refresh is the fix for a recreated namespace. A cluster that was destroyed has nothing to check.
      ...(deployedNamespace(state) ? await running.wrongCluster({ namespace: false }) : []),
      ...(await bucketsOutOfSight(stack, state, { ...process.env, ...options.environment })),
    ];
    if (held.length > 0) return running.finish("refused", { findings: held });
    const { clearPendingCreates = false } = options;
    const result = await running.engine((engineOptions) =>
      running.handle.refresh({ ...engineOptions, clearPendingCreates }),
    );
    const lost = lostProtected(stack, state, await stateOf(running.handle));
    return { ...result, findings: [...lost, ...result.findings] };
  });
