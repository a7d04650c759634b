import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { protectedResources, type StackState } from "../engine/stackState.ts";
import { nameOf } from "../engine/urn.ts";

/** A resource of a plan. */
export interface PlannedStep {
  readonly type: string;
  readonly name: string;
}

/** The plan of a `destroy`. */
export interface DestroyPlan {
  /** Resources to delete, in the order in which the engine begins with them. */
  readonly goes: readonly PlannedStep[];
  /** Resources that stay because they are protected. */
  readonly stays: readonly PlannedStep[];
}

/**
 * The plan of a destroy, from the events of its preview and the state. Providers, the stack and its component are left out: they exist
 * in the state only.
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
