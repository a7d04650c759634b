import { execFile } from "node:child_process";

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a file of the project with Node, as npm does, and collects its output. */
export function execute(
  program: string,
  args: readonly string[] = [],
  options: { node?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Finished> {
  return new Promise((done) => {
    // The test runner's own variables would make the child report as a test.
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
    execFile(
      options.node ?? process.execPath,
      [program, ...args],
      {
        env: { ...env, ...options.env },
        ...(options.cwd && { cwd: options.cwd }),
        timeout: 60_000,
        maxBuffer: 2 ** 25,
      },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === "number" ? error.code : -1) : 0;
        done({ code, stdout, stderr });
      },
    );
  });
}
