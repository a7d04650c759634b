import { format } from "node:util";
import type { Finished } from "./command.ts";

/** Where and with which variables a command runs. */
export interface Surroundings {
  /** Variables that replace this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Calls a command's `main` in this process, and catches what it prints. Much faster than a process that loads Pulumi's SDK again. */
export async function runInProcess(
  main: (argv: readonly string[]) => Promise<number>,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  let [stdout, stderr] = ["", ""];
  const { log, error } = console;
  console.log = (...values) => {
    stdout += `${format(...values)}\n`;
  };
  console.error = (...values) => {
    stderr += `${format(...values)}\n`;
  };
  try {
    const code = await within(surroundings, () => main(args));
    return { code, stdout, stderr };
  } finally {
    Object.assign(console, { log, error });
  }
}

/** Runs with other variables and in another folder, and restores both. */
export async function within<T>({ env = {}, cwd }: Surroundings, run: () => Promise<T>): Promise<T> {
  const before = { env: { ...process.env }, cwd: process.cwd() };
  try {
    Object.assign(process.env, env);
    if (cwd) process.chdir(cwd);
    return await run();
  } finally {
    process.chdir(before.cwd);
    for (const key of Object.keys(env)) {
      if (before.env[key] === undefined) delete process.env[key];
      else process.env[key] = before.env[key];
    }
  }
}
