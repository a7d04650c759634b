import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { nameOf } from "./urn.ts";

/** A stack's exported state, as far as this project reads it. https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_export/ */
export interface StackState {
  readonly resources?: readonly StateResource[];
  /** Operations that were running when the engine was killed. */
  readonly pending_operations?: ReadonlyArray<{ readonly type: string; readonly resource: StateResource }>;
}

/** A resource in the state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  /** URN and id of its provider: `urn:...::id`. */
  readonly provider?: string;
  readonly protect?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** The state of a stack, with its secrets in plain text. */
export const stateOf = async (stack: Stack): Promise<StackState> =>
  ((await stack.exportStack()).deployment ?? {}) as StackState;

/** A resource that the engine refuses to delete. */
export interface ProtectedResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
}

/** Protected resources of a state. */
export const protectedResources = ({ resources = [] }: StackState): ProtectedResource[] =>
  resources.filter(({ protect }) => protect).map(({ urn, type }) => ({ type, name: nameOf(urn), urn }));
