import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Finding } from "../deploy/finding.ts";

interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** Locks of a stack in a backend of files; of others only the engine can say. `undefined` for those. */
export function fileLocks(backendUrl: string, project: string, stack: string): Lock[] | undefined {
  if (!backendUrl.startsWith("file://")) return undefined;
  const root = backendUrl.startsWith("file://~")
    ? join(process.env.HOME ?? "", backendUrl.slice(8))
    : fileURLToPath(backendUrl);
  const folder = join(root, ".pulumi/locks/organization", project, stack);
  try {
    return readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Lock);
  } catch {
    return [];
  }
}

/** Locks as findings: one whose process runs is somebody at work, not a fault to be mended. */
export function lockFindings(
  stack: string,
  locks: readonly Lock[],
  isRunning: (pid: number) => boolean = runs,
): Finding[] {
  return locks.map(({ pid, username, hostname: host, timestamp }) => {
    const who = `process ${pid} of ${username} on ${host}, since ${timestamp}`;
    if (host === hostname() && isRunning(pid))
      return { subject: "the stack's lock", text: `is held by ${who}, which is running`, fix: "wait until it is done" };
    const gone = host === hostname() ? ", which is gone" : "";
    return {
      subject: "the stack's lock",
      text: `was left by ${who}${gone}`,
      fix: `pulumi cancel --stack ${stack} --yes`,
    };
  });
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}
