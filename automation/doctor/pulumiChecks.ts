import { tmpdir } from "node:os";
import { LocalWorkspace, type Stack, StackNotFoundError } from "@pulumi/pulumi/automation/index.js";
import type { Finding } from "../../components/findings.ts";
import { withoutLogins } from "../../components/secretPlaces.ts";
import { engineMessage } from "../engine/engineMessage.ts";
import { legacyNames } from "../engine/legacyLayout.ts";
import { noSuchStack } from "../engine/stackPreview.ts";
import { type StackState, type StateResource, stateOf } from "../engine/stackState.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import type { PlannedResource } from "../plan/offlinePlan.ts";
import { runProgram } from "../subprocess.ts";
import { pendingOperations, unknownToState } from "./brokenDeploy.ts";
import { type Check, judged, known, ok } from "./check.ts";

/** What the Pulumi CLI knows of a stack. */
export interface Engine {
  /** Address of the backend, which stores the states. */
  readonly backend: string;
  /** Absent before the stack is created. */
  readonly handle?: Stack;
  /** Why the stack cannot be opened, or how its backend is out of date. */
  readonly findings: readonly Finding[];
  /** Absent before the stack is created. */
  readonly state?: StackState;
}

/** Why the Pulumi CLI could not be asked. */
export interface NoEngine {
  readonly missing: readonly Finding[];
}

/** Asks the Pulumi CLI for a stack, its backend and its state. */
export async function openEngine(stack: string): Promise<Engine | NoEngine> {
  try {
    const workspace = await LocalWorkspace.create({ workDir: process.cwd() });
    const backend = (await workspace.whoAmI()).url ?? "";
    const handle = await LocalWorkspace.selectStack({ stackName: stack, workDir: process.cwd() }).catch((error) => {
      if (error instanceof StackNotFoundError) return error;
      throw error;
    });
    if (handle instanceof StackNotFoundError) return { backend, findings: [noSuchStack(stack, handle)] };
    const legacy = /^https?:/.test(backend) ? undefined : legacyNames(await allStacks().catch(() => []));
    return { backend, handle, state: await stateOf(handle), findings: legacy ? [legacy] : [] };
  } catch (error) {
    const text = engineMessage(error);
    const explained = explainErrors([text]);
    const fix = "pulumi whoami --verbose shows more; docs/deploying.md, State and secrets";
    return { missing: explained.length > 0 ? explained : [{ subject: "Pulumi", text, fix }] };
  }
}

/** Stacks of a self-managed backend, with their projects. In the project's own folder, the CLI leaves its name out. */
async function allStacks(): Promise<string[]> {
  const list = await runProgram("pulumi", ["stack", "ls", "--all", "--json"], { cwd: tmpdir() });
  return (JSON.parse(list) as Array<{ name: string }>).map(({ name }) => name);
}

/** The CLI, its backend, and the stack in it. */
export const pulumiChecks = (engine: Engine | NoEngine): Check[] =>
  "missing" in engine
    ? [known("Pulumi", judged(engine.missing, ""))]
    : [
        known("Pulumi", ok(`logged in to ${withoutLogins(engine.backend)}`)),
        known("stack", judged(engine.findings, "exists")),
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
  if ("missing" in engine) return [];
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
