import type { Finding } from "../../components/findings.ts";
import { type ChartLogin, helmMissing } from "../plan/helmTemplate.ts";
import { renderStack } from "../plan/renderStack.ts";

/** What became of a stack's promises. */
export interface PromisesOfStack {
  readonly broken: readonly Finding[];
  readonly warnings: readonly string[];
}

/**
 * Checks the promises of a stack of the project in the current folder, from its stack file: the engine sends the same objects with other
 * names of Secrets. Without helm or a chart, nothing is checked, and a warning explains it.
 *
 * @throws when the config is refused, or the check is interrupted.
 */
export async function promisesOf(
  stack: string,
  { login, signal }: { readonly login?: ChartLogin | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<PromisesOfStack> {
  const missing = helmMissing();
  if (missing) return { broken: [], warnings: [`the promises on rendered objects are not checked: ${missing}`] };
  try {
    const options = { promises: true, ...(login && { login }), ...(signal && { signal }) };
    const { broken = [], warnings } = await renderStack(process.cwd(), stack, options);
    return { broken, warnings };
  } catch (error) {
    const { message } = error as Error;
    // A repository that does not answer is another problem, which doctor and the engine name.
    if (!/^(helm (repo|show|template|pull)|LOGGING_CHARTS)/.test(message)) throw error;
    return { broken: [], warnings: [`the promises on rendered objects are not checked: ${message.split("\n")[0]}`] };
  }
}
