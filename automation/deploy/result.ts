import type { Finding } from "../../components/findings.ts";
import type { ChangeReport } from "../changes/changeReport.ts";
import type { StepEvent, StepResult } from "../engine/updateEvents.ts";
import type { DestroyPlan } from "./destroyPlan.ts";

/** The operations on a stack. */
export type Operation = "up" | "destroy" | "refresh";

/** How an operation ended. */
export type Outcome =
  /** Done; nothing is left to do. */
  | "succeeded"
  /** Refused by a guard rail: nothing was changed. */
  | "refused"
  /** The change is worse than the options allow: nothing was changed. */
  | "stopped"
  /** It began and failed; `findings` explain why. */
  | "failed"
  /** It was interrupted. */
  | "cancelled";

/** The result of an operation on one stack. */
export interface OperationResult {
  readonly stack: string;
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** Steps that changed something. */
  readonly steps: readonly StepResult[];
  /** Why it was refused or failed, and how to fix it. */
  readonly findings: readonly Finding[];
  /** The engine's own errors. */
  readonly errors: readonly string[];
  /** The changes of an `up`. */
  readonly report?: ChangeReport;
  /** The deletions of a `destroy`. */
  readonly plan?: DestroyPlan;
}

/** Parts of an operation, in the order in which they begin. */
export type Phase = "guards" | "preview" | "update";

/** The course of an operation. */
export type OperationEvent =
  | { readonly event: "phase"; readonly stack: string; readonly phase: Phase }
  | { readonly event: "report"; readonly stack: string; readonly report: ChangeReport }
  | { readonly event: "plan"; readonly stack: string; readonly plan: DestroyPlan }
  | StepEvent;
