import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { protectedResources, type StackState } from "../engine/stackState.ts";
import { nameOf } from "../engine/urn.ts";

/** A resource of a plan. */
export interface PlannedStep {
  readonly type: string;
  readonly name: string;
}

/** What a `destroy` is about to do. */
export interface DestroyPlan {
  /** What is deleted, in the order in which the engine begins with it. */
  readonly goes: readonly PlannedStep[];
  /** What is protected, and so stays. */
  readonly stays: readonly PlannedStep[];
}

/**
 * The plan of a destroy, from the events of its preview and the state.
 *
 * Providers, the stack and its component are not in it: they are entries of the state, and nothing outside of it.
 */
export function destroyPlan(events: readonly EngineEvent[], state: StackState): DestroyPlan {
  return {
    goes: events.flatMap(({ resourcePreEvent }) => {
      const { op, type, urn } = resourcePreEvent?.metadata ?? {};
      return op === "delete" && type && urn && isReal(type) ? [{ type, name: nameOf(urn) }] : [];
    }),
    stays: protectedResources(state)
      .filter(({ type }) => isReal(type))
      .map(({ type, name }) => ({ type, name })),
  };
}

const isReal = (type: string): boolean => !/^(pulumi:|logging:index:)/.test(type);
