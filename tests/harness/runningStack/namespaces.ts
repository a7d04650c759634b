import { spawn } from "node:child_process";
import type { GoProgram } from "../goPrograms.ts";
import { leaveSignalsToChild } from "../processes.ts";
import { findStackPrograms, requirementsMissing } from "./requirements.ts";

/** Set for the process inside the namespaces. */
const INSIDE = "LOGGING_PIPELINE_INSIDE";

/** Whether this process has its own network, mounts and process ids. */
export const inNamespaces = (): boolean => process.env[INSIDE] !== undefined;

/** The environment of a command that makes its namespaces beside those of this process. */
export function outsideEnvironment(): NodeJS.ProcessEnv {
  const { [INSIDE]: _, NODE_TEST_CONTEXT: __, ...environment } = process.env;
  return environment;
}

/**
 * Runs this command again in new namespaces, where it can use every name, address, port and path of a cluster. When it ends, by whatever
 * cause, all of that and all its processes are gone.
 *
 * @param environment variables that only the inner process has.
 * @param also programs to build, if that is possible, although a stack runs without them.
 * @returns the exit code of the inner process, or what is missing to start it.
 */
export async function enterNamespaces(
  environment: Record<string, string> = {},
  also: readonly GoProgram[] = [],
): Promise<number | { missing: string[] }> {
  const missing = requirementsMissing();
  if (missing.length > 0) return { missing };
  // Builds need the network, so they come first.
  await findStackPrograms(also);
  const child = spawn(
    "unshare",
    [
      ...["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["sh", "-c", 'mkdir -p /run/netns && mount -t tmpfs none /run/netns && exec "$@"', "sh"],
      ...[process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    ],
    { stdio: "inherit", env: { ...process.env, ...environment, [INSIDE]: "1" } },
  );
  leaveSignalsToChild();
  return new Promise((done) => child.once("exit", (code) => done(code ?? 1)));
}
