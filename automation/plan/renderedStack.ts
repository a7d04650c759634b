import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { PoolSize } from "../../components/nodePool/capacity.ts";
import type { Manifest, ReleaseInputs } from "./helmTemplate.ts";
import type { PlannedResource } from "./offlinePlan.ts";

/** A Helm release with everything it makes, hooks included. */
export interface RenderedRelease {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  readonly objects: readonly Manifest[];
}

/** One side of a comparison: what a stack is made of, before or after. */
export interface Side {
  readonly resources: readonly PlannedResource[];
  readonly releases: readonly RenderedRelease[];
  /** The logging pool at its largest, where it is known. */
  readonly pool?: PoolSize;
  readonly warnings: readonly string[];
}

/** A stack that is not there yet, or no more. */
export const NOTHING: Side = { resources: [], releases: [], warnings: [] };

/** The Helm releases among planned resources. */
export const releasesOf = (resources: readonly PlannedResource[]): ReleaseInputs[] =>
  resources
    .filter(({ type }) => type === RELEASE_TYPE)
    .map(({ inputs }) => inputs as unknown as ReleaseInputs)
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** Pulumi's type of a Helm release. */
export const RELEASE_TYPE = "kubernetes:helm.sh/v3:Release";

const RENDER_SIDE = fileURLToPath(new URL("renderStack.ts", import.meta.url));

/**
 * Plans and renders one stack of the project in `folder`, offline. In a process of its own: Pulumi's runtime and the program's
 * modules exist once in a process, and paths in the config are relative to the project.
 *
 * @throws with the process's own words when the config is refused or a chart cannot be rendered.
 */
export async function renderSide(folder: string, stack: string, configFile?: string): Promise<Side> {
  const process_: ChildProcess = spawn(process.execPath, [RENDER_SIDE, stack, ...(configFile ? [configFile] : [])], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, error, code] = await Promise.all([
    text(process_.stdout as NodeJS.ReadableStream),
    text(process_.stderr as NodeJS.ReadableStream),
    new Promise<number | null>((done) => process_.on("close", done)),
  ]);
  if (code !== 0) throw new Error(error.trim() || `rendering ${stack} ended with ${code}`);
  return JSON.parse(out) as Side;
}
