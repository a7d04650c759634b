import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import type { Finding } from "../../components/findings.ts";
import { EXPLAINED_ELSEWHERE } from "../../stack/guardRails.ts";
import { deployedNamespace, wrongCluster } from "../../stack/rightCluster.ts";
import { connect } from "../cluster/clusterApi.ts";
import { engineMessage } from "../engine/engineMessage.ts";
import { openStack, type PreviewOptions } from "../engine/stackPreview.ts";
import { stateOf } from "../engine/stackState.ts";
import { UpdateSteps } from "../engine/updateEvents.ts";
import { placeOf } from "../explain/admission.ts";
import { explainFailure } from "../explain/explainFailure.ts";
import { type StackSettings, stackSettings } from "../plan/stackSettings.ts";
import type { Operation, OperationEvent, OperationResult, Outcome, Phase } from "./result.ts";

/** Time that pods have to explain a failure. */
const EXPLANATION_SECONDS = 60;

/** Options of every operation. */
export interface OperationOptions extends PreviewOptions {
  /** Called for everything that happens. */
  readonly onEvent?: (event: OperationEvent) => void;
  /**
   * An interrupt that the engine has received as well: Ctrl-C reaches every process of a terminal. A second interrupt would stop the
   * engine at once, and leave a release pending.
   */
  readonly told?: AbortSignal;
}

/** Options of a call of the engine. */
interface EngineOptions {
  readonly onEvent: (event: EngineEvent) => void;
  readonly color: "never";
  readonly signal?: AbortSignal;
}

/** Opens a stack and runs the steps of an operation on it. Errors become a result. @throws if the config or the stack cannot be read. */
export async function operate(
  operation: Operation,
  stack: string,
  options: OperationOptions,
  steps: (running: RunningOperation) => Promise<OperationResult>,
): Promise<OperationResult> {
  const settings = await stackSettings(stack);
  // The result has the explanation, so the engine's hook does not repeat it.
  const environment = { ...options.environment, [EXPLAINED_ELSEWHERE]: "npm run deploy" };
  const handle = await openStack(stack, { ...options, environment });
  const running = new RunningOperation(operation, stack, options, settings, handle);
  try {
    return await steps(running);
  } catch (error) {
    return running.failed(error);
  }
}

/** An operation between its begin and its result. */
export class RunningOperation {
  readonly handle: Stack;
  readonly #operation: Operation;
  readonly #stack: string;
  readonly #options: OperationOptions;
  readonly #settings: StackSettings;
  readonly #steps: UpdateSteps;
  readonly #started = performance.now();

  constructor(operation: Operation, stack: string, options: OperationOptions, settings: StackSettings, handle: Stack) {
    this.handle = handle;
    this.#operation = operation;
    this.#stack = stack;
    this.#options = options;
    this.#settings = settings;
    this.#steps = new UpdateSteps(stack, options.onEvent);
  }

  /** Announces a phase. @throws if the operation was interrupted: the engine receives an interrupt only while it runs. */
  begin(phase: Phase): void {
    if (this.#interrupted) throw new Error("interrupted");
    this.#options.onEvent?.({ event: "phase", stack: this.#stack, phase });
  }

  /** Checks that the cluster is the stack's own. With `namespace: false`, a recreated namespace is accepted. */
  async wrongCluster({ namespace } = { namespace: true }): Promise<Finding[]> {
    this.begin("guards");
    const deployed = namespace ? deployedNamespace(await stateOf(this.handle)) : undefined;
    return wrongCluster(await this.#connect(), this.#settings, deployed);
  }

  /** Runs the engine, and turns its end into a result. */
  async engine(
    run: (options: EngineOptions) => Promise<unknown>,
    more: Partial<OperationResult> = {},
  ): Promise<OperationResult> {
    const { signal } = this.#options;
    this.begin("update");
    try {
      await run({ onEvent: this.#steps.record, color: "never", ...(signal && { signal }) });
      return this.finish("succeeded", more);
    } catch (error) {
      return this.failed(error, more);
    }
  }

  finish(outcome: Outcome, more: Partial<OperationResult> = {}): OperationResult {
    return {
      stack: this.#stack,
      operation: this.#operation,
      outcome,
      seconds: Math.round((performance.now() - this.#started) / 100) / 10,
      steps: this.#steps.results,
      findings: [],
      errors: this.#steps.errors,
      ...more,
    };
  }

  /** The result of an error, with its explanation. */
  async failed(error: unknown, more: Partial<OperationResult> = {}): Promise<OperationResult> {
    if (this.#interrupted) return this.finish("cancelled", more);
    const errors = this.#steps.errors.length > 0 ? this.#steps.errors : [engineMessage(error)];
    const signal = AbortSignal.timeout(EXPLANATION_SECONDS * 1000);
    const findings = await explainFailure(errors, signal, placeOf(this.#settings.args), () => this.#connect());
    return this.finish("failed", { ...more, errors, findings });
  }

  get #interrupted(): boolean {
    return this.#options.signal?.aborted === true || this.#options.told?.aborted === true;
  }

  #connect() {
    return connect(this.#settings.access, this.#settings.args.cluster.resourceId);
  }
}
