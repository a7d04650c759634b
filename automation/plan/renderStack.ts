import { fileURLToPath } from "node:url";
import type { Finding } from "../../components/findings.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import { runProgram } from "../subprocess.ts";
import type { ChartLogin } from "./helmTemplate.ts";
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
  /** Promises that it breaks, if they were checked. */
  readonly broken?: readonly Finding[];
}

/** A stack that does not exist, before it is added or after it is removed. */
export const NO_STACK: RenderedStack = { resources: [], releases: [], warnings: [] };

/** The process's option that checks the promises, and the variable with the login of the charts' repository. */
export const WITH_PROMISES = "--promises";
export const CHART_LOGIN = "LOGGING_CHART_LOGIN";

const PRELOAD = fileURLToPath(new URL("../../requireNode.cjs", import.meta.url));
const PROCESS = fileURLToPath(new URL("renderStackProcess.ts", import.meta.url));

/** Options of {@link renderStack}. */
export interface RenderOptions {
  readonly signal?: AbortSignal;
  /** Checks the stack's promises too. Only for this version of the project. */
  readonly promises?: boolean;
  /** Login of the charts' repository. */
  readonly login?: ChartLogin;
}

/**
 * Plans and renders one stack of the project in `folder`, offline. It may be any version of the project: only its program runs, and
 * everything else is this version's. In a separate process, because Pulumi's runtime and the program's modules exist once per process,
 * and paths in the config are relative to the project.
 *
 * @throws {ProgramError} with the process's messages when the config is refused or a chart cannot be rendered.
 */
export async function renderStack(
  folder: string,
  stack: string,
  { signal, promises = false, login }: RenderOptions = {},
): Promise<RenderedStack> {
  const program = ["-r", PRELOAD, PROCESS, stack, ...(promises ? [WITH_PROMISES] : [])];
  // Not an argument: every process of the machine can see arguments.
  const env = login && { [CHART_LOGIN]: JSON.stringify(login) };
  const output = await runProgram(process.execPath, program, {
    cwd: folder,
    ...(env && { env }),
    ...(signal && { signal }),
  });
  return JSON.parse(output) as RenderedStack;
}
