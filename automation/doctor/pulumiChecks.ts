import { LocalWorkspace, type Stack, StackNotFoundError } from "@pulumi/pulumi/automation/index.js";
import type { Finding } from "../../components/findings.ts";
import { engineMessage } from "../engine/engineMessage.ts";
import { noSuchStack } from "../engine/stackPreview.ts";
import { type StackState, type StateResource, stateOf } from "../engine/stackState.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import type { PlannedResource } from "../plan/offlinePlan.ts";
import { pendingOperations, unknownToState } from "./brokenDeploy.ts";
import { type Check, judged, known, ok } from "./check.ts";

/** What the Pulumi CLI knows of a stack. */
export interface Engine {
  /** Address of the backend, which stores the states. */
  readonly backend: string;
  /** Absent before the stack is created. */
  readonly handle?: Stack;
  /** Absent before the stack is created. */
  readonly state?: StackState;
}

/** Why the Pulumi CLI could not be asked. */
export interface NoEngine {
  readonly findings: readonly Finding[];
}

/** Asks the Pulumi CLI for a stack, its backend and its state. */
export async function openEngine(stack: string): Promise<Engine | NoEngine> {
  try {
    const workspace = await LocalWorkspace.create({ workDir: process.cwd() });
    const backend = (await workspace.whoAmI()).url ?? "";
    const handle = await LocalWorkspace.selectStack({ stackName: stack, workDir: process.cwd() }).catch((error) => {
      if (error instanceof StackNotFoundError) return undefined;
      throw error;
    });
    return handle ? { backend, handle, state: await stateOf(handle) } : { backend };
  } catch (error) {
    const text = engineMessage(error);
    const explained = explainErrors([text]);
    const fix = "pulumi whoami --verbose shows more; docs/deploying.md, State and secrets";
    return { findings: explained.length > 0 ? explained : [{ subject: "Pulumi", text, fix }] };
  }
}

/** The CLI, its backend, and the stack in it. */
export const pulumiChecks = (stack: string, engine: Engine | NoEngine): Check[] =>
  "findings" in engine
    ? [known("Pulumi", judged(engine.findings, ""))]
    : [
        known("Pulumi", ok(`logged in to ${engine.backend}`)),
        known("stack", judged(engine.handle ? [] : [noSuchStack(stack)], "exists")),
      ];

/**
 * What a killed deploy left in the state, and outside of it. Without the state there are no checks, because everything that exists
 * would look foreign.
 *
 * @param idOf Finds a planned resource that exists although the state does not have it.
 */
export function stateChecks(
  stack: string,
  engine: Engine | NoEngine,
  planned: readonly PlannedResource[],
  idOf: (resource: Pick<StateResource, "type" | "inputs">) => Promise<string | undefined>,
): Check[] {
  if ("findings" in engine) return [];
  const { handle, state = {} } = engine;
  return [
    known(
      "pending operations",
      judged(pendingOperations(stack, state), handle ? "none" : "the stack does not exist yet"),
    ),
    {
      name: "unknown to the state",
      run: async () => judged(await unknownToState(stack, planned, state, idOf), "nothing"),
    },
  ];
}
