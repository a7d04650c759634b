import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import type { Finding } from "../../components/findings.ts";
import type { ChangeReport } from "../changes/changeReport.ts";
import type { Level } from "../changes/levels.ts";
import { verdictProblem } from "../changes/publish.ts";
import { connect } from "../cluster/clusterApi.ts";
import { engineMessage } from "../engine/engineMessage.ts";
import { openStack, type PreviewOptions, reportOf } from "../engine/stackPreview.ts";
import { protectedResources, stateOf } from "../engine/stackState.ts";
import { type StepEvent, type StepResult, UpdateSteps } from "../engine/updateEvents.ts";
import { podEvidence } from "../explain/clusterEvidence.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import { explainPods } from "../explain/explainPods.ts";
import { RELEASE_TYPE } from "../plan/releases.ts";
import { readStackFile, stackNames } from "../plan/stackFiles.ts";
import { type StackSettings, stackSettings } from "../plan/stackSettings.ts";
import { type DestroyPlan, destroyPlan } from "./destroyPlan.ts";
import { rollBackFailed, type WantedRelease } from "./failedRevisions.ts";
import { bucketsOutOfSight, lostProtected } from "./forgottenBuckets.ts";
import { deployedNamespace, sharedBuckets, wrongCluster } from "./guards.ts";

export { previewStack } from "../engine/stackPreview.ts";

/** What can be done to a stack. */
export type Operation = "up" | "destroy" | "refresh";

/** How an operation ended. */
export type Outcome =
  /** Done; nothing is left to do. */
  | "succeeded"
  /** A guard rail held it: nothing was changed. */
  | "refused"
  /** The change is worse than was allowed: nothing was changed. */
  | "stopped"
  /** It began and did not end well; `findings` say why. */
  | "failed"
  /** It was interrupted. */
  | "cancelled";

/** How an operation on one stack went. */
export interface OperationResult {
  readonly stack: string;
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** What was done, without what stayed the same. */
  readonly steps: readonly StepResult[];
  /** Why it was refused or failed, and what to do. */
  readonly findings: readonly Finding[];
  /** The engine's own errors. */
  readonly errors: readonly string[];
  /** What an `up` was about to change. */
  readonly report?: ChangeReport;
  /** What a `destroy` was about to take. */
  readonly plan?: DestroyPlan;
}

/** What happens meanwhile. */
export type OperationEvent =
  | { readonly event: "phase"; readonly stack: string; readonly phase: "guards" | "preview" | "update" }
  | { readonly event: "report"; readonly stack: string; readonly report: ChangeReport }
  | { readonly event: "plan"; readonly stack: string; readonly plan: DestroyPlan }
  | StepEvent;

/** Options of every operation. */
export interface OperationOptions extends PreviewOptions {
  /** Hears of everything that happens. */
  readonly onEvent?: (event: OperationEvent) => void;
  /**
   * The same where the engine knows already: a terminal's Ctrl-C reaches every process in it. Told twice, the engine stops at once and
   * leaves a release pending.
   */
  readonly told?: AbortSignal;
}

/** Options of `up`. */
export interface UpOptions extends OperationOptions {
  /** Stops before a change of this verdict or a worse one. Destruction stops in any case. */
  readonly failOn?: Level;
  /** The word that lets a destructive change go ahead. */
  readonly acceptDestructive?: boolean;
}

/** Options of `refresh`. */
export interface RefreshOptions extends OperationOptions {
  /** Clears the notes of operations that a killed engine left. */
  readonly clearPendingCreates?: boolean;
}

/** Options of `destroy`. */
export interface DestroyOptions extends OperationOptions {
  /** Takes everything away but what is protected, which is the bucket with its logs. */
  readonly keepBucket?: boolean;
}

/**
 * Brings a stack up: guard rails, a preview with its verdict, then the update. Runs in the project's folder, as the `pulumi` CLI does.
 *
 * @example
 * const result = await up("prod-aks-a", { onEvent: console.log });
 * if (result.outcome !== "succeeded") for (const { subject, text, fix } of result.findings) console.log(subject, text, fix);
 */
export const up = (stack: string, options: UpOptions = {}): Promise<OperationResult> =>
  operate("up", stack, options, async ({ handle, begin, guarded, rollBack, engine, finish }) => {
    const held = await guarded();
    if (held.length > 0) return finish("refused", { findings: held });
    begin("preview");
    const report = await reportOf(stack, handle, options);
    options.onEvent?.({ event: "report", stack, report });
    const stop = verdictProblem(report, options.failOn ?? "destructive", options.acceptDestructive === true);
    if (stop) {
      const fix = "read the report; what is meant goes ahead with --accept-destructive, or a higher --fail-on";
      return finish("stopped", { report, findings: [{ subject: stack, text: stop, fix }] });
    }
    begin("update");
    await rollBack(
      report.resources.flatMap(({ type, op, after }) =>
        type === RELEASE_TYPE && op === "update" ? [after as unknown as WantedRelease] : [],
      ),
    );
    return engine((engineOptions) => handle.up(engineOptions), { report });
  });

/**
 * Takes a stack away. Nothing is deleted while a protected resource is in the plan: the engine would delete the writers and their
 * keys first, and fail on the bucket last. With `keepBucket`, all but that goes. Says what goes and what stays before it begins.
 */
export const destroy = (stack: string, options: DestroyOptions = {}): Promise<OperationResult> =>
  operate("destroy", stack, options, async ({ handle, begin, guarded, engine, finish }) => {
    const held = await guarded();
    if (held.length > 0) return finish("refused", { findings: held });
    const excludeProtected = options.keepBucket === true;
    begin("preview");
    const state = await stateOf(handle);
    const kept = excludeProtected ? [] : protectedResources(state);
    if (kept.length > 0)
      return finish("refused", {
        findings: kept.map(({ name, urn }) => ({
          subject: name,
          text: "is protected: nothing is deleted while it is in the plan",
          fix: `to take the cluster away and keep it: npm run deploy -- destroy --stack ${stack} --keep-bucket; to delete it too, with all logs: pulumi state unprotect '${urn}' --stack ${stack}`,
        })),
      });
    const events: EngineEvent[] = [];
    await handle.previewDestroy({
      excludeProtected,
      onEvent: (event) => events.push(event),
      color: "never",
      ...(options.signal && { signal: options.signal }),
    });
    const plan = destroyPlan(events, state);
    options.onEvent?.({ event: "plan", stack, plan });
    begin("update");
    return engine((engineOptions) => handle.destroy({ ...engineOptions, excludeProtected }), { plan });
  });

/**
 * Reads what is really there into the state. Changes nothing in cluster, cloud and MinIO; refused where what is there cannot be seen,
 * for the state would forget it.
 */
export const refresh = (stack: string, options: RefreshOptions = {}): Promise<OperationResult> =>
  operate("refresh", stack, options, async ({ handle, begin, guarded, engine, finish }) => {
    const state = await stateOf(handle);
    const held = [
      // Whoever made the namespace anew is told to refresh; and of a cluster that was taken away, nothing is asked.
      ...(deployedNamespace(state) ? await guarded({ namespace: false }) : []),
      ...(await bucketsOutOfSight(stack, state, { ...process.env, ...options.environment })),
    ];
    if (held.length > 0) return finish("refused", { findings: held });
    begin("update");
    const { clearPendingCreates = false } = options;
    const result = await engine((engineOptions) => handle.refresh({ ...engineOptions, clearPendingCreates }));
    const lost = lostProtected(stack, state, await stateOf(handle));
    return { ...result, findings: [...lost, ...result.findings] };
  });

/** What the operations are made of. */
interface Running {
  readonly handle: Stack;
  begin(phase: "guards" | "preview" | "update"): void;
  guarded(of?: { readonly namespace: boolean }): Promise<Finding[]>;
  rollBack(releases: readonly WantedRelease[]): Promise<void>;
  engine(run: (options: EngineOptions) => Promise<unknown>, more?: Partial<OperationResult>): Promise<OperationResult>;
  finish(outcome: Outcome, more?: Partial<OperationResult>): OperationResult;
}

interface EngineOptions {
  readonly onEvent: (event: EngineEvent) => void;
  readonly color: "never";
  readonly signal?: AbortSignal;
}

async function operate(
  operation: Operation,
  stack: string,
  options: OperationOptions,
  run: (running: Running) => Promise<OperationResult>,
): Promise<OperationResult> {
  const started = performance.now();
  const steps = new UpdateSteps(stack, options.onEvent);
  const finish = (outcome: Outcome, more: Partial<OperationResult> = {}): OperationResult => ({
    stack,
    operation,
    outcome,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    steps: steps.results,
    findings: [],
    errors: steps.errors,
    ...more,
  });
  const interrupted = (): boolean => options.signal?.aborted === true || options.told?.aborted === true;
  const begin = (phase: "guards" | "preview" | "update") => {
    // The engine listens only while it runs; what came before or in between would be lost on it.
    if (interrupted()) throw new Error("interrupted");
    options.onEvent?.({ event: "phase", stack, phase });
  };
  const settings = await stackSettings(stack);
  const handle = await openStack(stack, options);
  const failed = async (error: unknown, more: Partial<OperationResult> = {}): Promise<OperationResult> => {
    if (interrupted()) return finish("cancelled", more);
    const errors = steps.errors.length > 0 ? steps.errors : [engineMessage(error)];
    return finish("failed", {
      ...more,
      errors,
      findings: [...explainErrors(errors), ...(await podFindings(settings))],
    });
  };
  try {
    return await run({
      handle,
      begin,
      finish,
      async guarded({ namespace } = { namespace: true }) {
        begin("guards");
        const files = stackNames().map((name) => readStackFile(name));
        const shared = sharedBuckets(files, stack);
        if (shared.length > 0) return shared;
        const deployed = namespace ? deployedNamespace(await stateOf(handle)) : undefined;
        return wrongCluster(await kubeOf(settings), settings, deployed);
      },
      async rollBack(releases) {
        if (releases.length === 0) return;
        for (const { name, failed, deployed } of await rollBackFailed(
          await kubeOf(settings),
          settings.args.namespace,
          releases,
        ))
          options.onEvent?.({
            event: "diagnostic",
            stack,
            severity: "warning",
            message: `release ${name}: revision ${failed} failed; rolled back to ${deployed} first, or what it had added would stay`,
          });
      },
      async engine(update, more) {
        try {
          await update({ onEvent: steps.record, color: "never", ...(options.signal && { signal: options.signal }) });
          return finish("succeeded", more);
        } catch (error) {
          return failed(error, more);
        }
      },
    });
  } catch (error) {
    return failed(error);
  }
}

const kubeOf = ({ access, args }: StackSettings) => connect(access, args.cluster.resourceId);

/** What the pods say. A cluster that cannot be asked is no reason to hide the engine's error. */
async function podFindings(settings: StackSettings): Promise<Finding[]> {
  try {
    return explainPods(await podEvidence(await kubeOf(settings), settings.args.namespace));
  } catch {
    return [];
  }
}
