import { spawn } from "node:child_process";
import { findOrBuild, missing } from "../builtPrograms.ts";

/** Set in the namespaces that a command makes for itself. */
const INSIDE = "LOGGING_PIPELINE_INSIDE";

/** Whether this process has a network, mounts and process ids of its own. */
export const inNamespaces = (): boolean => process.env[INSIDE] !== undefined;

/**
 * Runs this command again in namespaces of its own, where it can have every name, address, port and path of a cluster. All of it, and
 * every process, is gone when that ends, however it ends. @returns its exit code, or what is missing.
 */
export async function enterNamespaces(
  environment: Record<string, string> = {},
): Promise<number | { missing: string[] }> {
  const lines = missing();
  if (lines.length > 0) return { missing: lines };
  // Before the network is left behind: building needs it.
  await findOrBuild();
  const child = spawn(
    "unshare",
    [
      ...["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["sh", "-c", 'mkdir -p /run/netns && mount -t tmpfs none /run/netns && exec "$@"', "sh"],
      ...[process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    ],
    { stdio: "inherit", env: { ...process.env, ...environment, [INSIDE]: "1" } },
  );
  // The terminal tells both; the inner one stops everything, and this one waits for it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  return new Promise((done) => child.once("exit", (code) => done(code ?? 1)));
}
