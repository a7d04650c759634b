import { fileURLToPath } from "node:url";
import type { PoolSize } from "../../components/nodePool/capacity.ts";
import { runProgram } from "../runProgram.ts";
import type { Manifest } from "./helmTemplate.ts";
import type { PlannedResource } from "./offlinePlan.ts";

/** A Helm release with everything that it creates, hooks included. */
export interface RenderedRelease {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  readonly objects: readonly Manifest[];
}

/** A stack's resources, and the objects inside its releases. */
export interface RenderedStack {
  readonly resources: readonly PlannedResource[];
  readonly releases: readonly RenderedRelease[];
  /** The logging pool at its largest, where its size is known. */
  readonly pool?: PoolSize;
  readonly warnings: readonly string[];
}

/** A stack that does not exist, before it is added or after it is removed. */
export const NO_STACK: RenderedStack = { resources: [], releases: [], warnings: [] };

const PRELOAD = fileURLToPath(new URL("../../requireNode.cjs", import.meta.url));
const PROCESS = fileURLToPath(new URL("renderStackProcess.ts", import.meta.url));

/**
 * Plans and renders one stack of the project in `folder`, offline. In a separate process: Pulumi's runtime and the program's modules
 * exist once per process, and paths in the config are relative to the project.
 *
 * @throws {ProgramError} with the process's messages when the config is refused or a chart cannot be rendered.
 */
export async function renderStack(folder: string, stack: string, signal?: AbortSignal): Promise<RenderedStack> {
  const program = ["-r", PRELOAD, PROCESS, stack];
  const output = await runProgram(process.execPath, program, { cwd: folder, ...(signal && { signal }) });
  return JSON.parse(output) as RenderedStack;
}
