import { LocalWorkspace, type Stack, StackNotFoundError } from "@pulumi/pulumi/automation/index.js";
import type { Finding } from "../../components/findings.ts";
import { engineMessage } from "../engine/engineMessage.ts";
import { type StackState, stateOf } from "../engine/state.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import { type CheckResult, judged, ok } from "./check.ts";
import { brokenStateFile, fileLocks, lockFindings } from "./stackLock.ts";

/** What the Pulumi CLI knows of a stack. */
export interface Engine {
  /** Where the states are. */
  readonly backend: string;
  /** Absent for a stack that is not there yet. */
  readonly handle?: Stack;
  readonly state?: StackState;
}

/** What stands in the way of asking the engine. Then nobody can say what is in the state. */
export interface Closed {
  readonly findings: readonly Finding[];
  /** Whether the state itself is damaged: without it, everything that is there looks like somebody else's. */
  readonly damaged: boolean;
}

/** The project's name in Pulumi.yaml. */
const PROJECT = "logging";

/** Asks the Pulumi CLI for a stack, its backend and its state. */
export async function openEngine(stack: string): Promise<Engine | Closed> {
  try {
    const workspace = await LocalWorkspace.create({ workDir: process.cwd() });
    const backend = (await workspace.whoAmI()).url ?? "";
    const broken = brokenStateFile(backend, PROJECT, stack);
    if (broken.length > 0) return { findings: broken, damaged: true };
    const handle = await LocalWorkspace.selectStack({ stackName: stack, workDir: process.cwd() }).catch((error) => {
      if (error instanceof StackNotFoundError) return undefined;
      throw error;
    });
    if (!handle) return { backend };
    return { backend, handle, state: await stateOf(handle) };
  } catch (error) {
    const text = engineMessage(error);
    const known = explainErrors([text]);
    const fix = "pulumi whoami --verbose says more; docs/deploying.md, State and secrets";
    return { findings: known.length > 0 ? known : [{ subject: "Pulumi", text, fix }], damaged: false };
  }
}

/** Who holds the stack's lock. */
export async function lockCheck(stack: string, { backend, handle }: Engine): Promise<CheckResult> {
  if (!handle) return ok("the stack is not there yet");
  const locks = fileLocks(backend, PROJECT, stack);
  if (locks) return judged(lockFindings(stack, locks), "free");
  const info = (await handle.workspace.listStacks()).find(({ name }) => name === stack);
  if (!info?.updateInProgress) return ok("free");
  const timestamp = info.lastUpdate ?? "an unknown time";
  return judged(lockFindings(stack, [{ pid: 0, username: "somebody", hostname: backend, timestamp }]), "");
}
