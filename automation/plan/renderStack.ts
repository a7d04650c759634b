import { fileURLToPath } from "node:url";
import type { Manifest } from "../../components/helm/manifest.ts";
import { runProgram } from "../subprocess.ts";
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
  readonly warnings: readonly string[];
}

/** A stack that does not exist, before it is added or after it is removed. */
export const NO_STACK: RenderedStack = { resources: [], releases: [], warnings: [] };

const PRELOAD = fileURLToPath(new URL("../../requireNode.cjs", import.meta.url));
const PROCESS = fileURLToPath(new URL("renderStackProcess.ts", import.meta.url));

/**
 * Plans and renders one stack of the project in `folder`, offline. It may be any version of the project: only its program runs, and
 * everything else is this version's. In a separate process, because Pulumi's runtime and the program's modules exist once per process,
 * and paths in the config are relative to the project.
 *
 * @throws {ProgramError} with the process's messages when the config is refused or a chart cannot be rendered.
 */
export async function renderStack(folder: string, stack: string, signal?: AbortSignal): Promise<RenderedStack> {
  const program = ["-r", PRELOAD, PROCESS, stack];
  const output = await runProgram(process.execPath, program, { cwd: folder, ...(signal && { signal }) });
  return JSON.parse(output) as RenderedStack;
}
