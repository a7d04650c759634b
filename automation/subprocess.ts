import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** Charts and lists of Azure's machine sizes print tens of megabytes. */
const LONGEST_OUTPUT = 64 * 2 ** 20;

/** How a program is run. */
export interface RunOptions {
  readonly cwd?: string;
  /** Kills the program after this time. @default no limit */
  readonly timeoutSeconds?: number;
  /** Variables in addition to this process's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kills the program. */
  readonly signal?: AbortSignal;
}

/** A program that did not succeed. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  /** `missing`: not on PATH. `late`: killed after `timeoutSeconds`. `failed`: it ended with an error, which is the message. */
  readonly reason: "missing" | "late" | "failed";

  constructor(reason: ProgramError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Runs a program without a shell, without input, and waits for its end.
 *
 * @returns what it prints on stdout.
 * @throws {ProgramError} with what it prints on stderr.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, timeoutSeconds = 0, env, signal }: RunOptions = {},
): Promise<string> {
  const running = promisify(execFile)(program, args, {
    maxBuffer: LONGEST_OUTPUT,
    timeout: timeoutSeconds * 1000,
    ...(cwd !== undefined && { cwd }),
    ...(env && { env: { ...process.env, ...env } }),
    ...(signal && { signal }),
  });
  // A program that asks for a password gets none, and fails instead of waiting.
  running.child.stdin?.end();
  try {
    return (await running).stdout;
  } catch (error) {
    const { code, killed, stderr, message } = error as Error & { code?: unknown; killed?: boolean; stderr?: string };
    if (code === "ENOENT") throw new ProgramError("missing", `${program} is not on PATH`);
    if (killed && timeoutSeconds > 0)
      throw new ProgramError("late", `${program} did not answer within ${timeoutSeconds} seconds`);
    throw new ProgramError("failed", stderr?.trim() || message);
  }
}

/** Whether a program can be run by its name. */
export const isOnPath = (program: string): boolean =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .some((folder) => [program, `${program}.exe`].some((file) => existsSync(join(folder, file))));
