import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../components/findings.ts";

interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** The folder of a backend of files; of others only the engine can say, and they write a state as a whole or not at all. */
function fileBackend(url: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  return join(url.startsWith("file://~") ? join(homedir(), url.slice(8)) : fileURLToPath(url), ".pulumi");
}

/** Locks of a stack in a backend of files, `undefined` in others. */
export function fileLocks(backendUrl: string, project: string, stack: string): Lock[] | undefined {
  const backend = fileBackend(backendUrl);
  if (!backend) return undefined;
  const folder = join(backend, "locks/organization", project, stack);
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
    return files.map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Lock);
  } catch {
    return [];
  }
}

/**
 * What a killed engine left half-written: the state, beside which it keeps the one before, or the file of attributes beside the state.
 * Empty attributes make a whole state unreadable ("failed to load checkpoint: EOF"); without that file it is read.
 */
export function brokenStateFile(backendUrl: string, project: string, stack: string): Finding[] {
  const backend = fileBackend(backendUrl);
  if (!backend) return [];
  const file = join(backend, "stacks", project, `${stack}.json`);
  const broken = (path: string): boolean => existsSync(path) && !isJson(path);
  return [
    ...(!isJson(file) && isJson(`${file}.bak`)
      ? [
          {
            subject: "the state file",
            text: `${file} was left half-written by a deploy that was killed; the one before it is whole`,
            fix: `cp '${file}.bak' '${file}'`,
          },
        ]
      : []),
    ...(broken(`${file}.attrs`)
      ? [
          {
            subject: "the state file",
            text: `its attributes, ${file}.attrs, were left half-written by a deploy that was killed; it can be read without them`,
            fix: `rm '${file}.attrs'`,
          },
        ]
      : []),
  ];
}

function isJson(path: string): boolean {
  try {
    return typeof JSON.parse(readFileSync(path, "utf8")) === "object";
  } catch {
    return false;
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
