// The project's own commands as people run them, in the copied project of the run.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { OperationEvent, OperationResult } from "../../automation/deploy/operations.ts";
import { onPath } from "../harness/programs.ts";
import type { PulumiEngine } from "../harness/pulumi/pulumiEngine.ts";

/** One line of `npm run deploy -- … --json`. */
export type DeployEvent = OperationEvent | ({ readonly event: "result" } & OperationResult);

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const environmentOf = (engine: PulumiEngine, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...own } = process.env;
  return { ...own, ...engine.environment, ...more };
};

/** Runs `automation/commands/<command>.ts` to its end. */
export async function runCommand(
  engine: PulumiEngine,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = start(engine, command, args, environment);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    new Promise<number | null>((done) => child.on("close", done)),
  ]);
  return { code, stdout, stderr };
}

const start = (
  engine: PulumiEngine,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
) =>
  spawn(process.execPath, [join("automation/commands", `${command}.ts`), ...args], {
    cwd: engine.project,
    env: environmentOf(engine, environment),
    stdio: ["ignore", "pipe", "pipe"],
  });

/** Runs a deploy. @returns its result. */
export async function deploy(
  engine: PulumiEngine,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<OperationResult & { readonly code: number | null; readonly diagnostics: readonly string[] }> {
  const { code, stdout, stderr } = await runCommand(engine, "deploy", [...args, "--json"], environment);
  const events = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as DeployEvent);
  const result = events.find((event) => event.event === "result");
  if (!result) throw new Error(`deploy ${args.join(" ")} ended with ${code} and no result: ${stderr}\n${stdout}`);
  return { ...result, code, diagnostics: events.flatMap((e) => (e.event === "diagnostic" ? [e.message] : [])) };
}

/**
 * Starts a deploy and kills it and its child processes.
 *
 * @param moment the first event for which it is true starts the countdown.
 * @param afterMs time between that event and the kill. Default: 0.
 * @returns false if the deploy ended before that event.
 */
export async function killDeploy(
  engine: PulumiEngine,
  args: readonly string[],
  moment: (event: DeployEvent) => boolean,
  afterMs = 0,
): Promise<boolean> {
  const child = start(engine, "deploy", [...args, "--json"], {});
  const ended = new Promise<void>((done) => child.on("close", () => done()));
  let killed = false;
  child.stderr?.resume();
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (killed || !moment(JSON.parse(line) as DeployEvent)) continue;
    await new Promise((done) => setTimeout(done, afterMs));
    killed = true;
    killTree(child);
  }
  await ended;
  return killed;
}

/** Starts a deploy and interrupts it at an event, like a cancelled pipeline. @returns how it ended. */
export async function interruptDeploy(
  engine: PulumiEngine,
  args: readonly string[],
  moment: (event: DeployEvent) => boolean,
  afterMs = 0,
): Promise<(OperationResult & { readonly code: number | null }) | undefined> {
  const child = start(engine, "deploy", [...args, "--json"], {});
  const ended = new Promise<number | null>((done) => child.on("close", done));
  let result: OperationResult | undefined;
  let interrupted = false;
  child.stderr?.resume();
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const event = JSON.parse(line) as DeployEvent;
    if (event.event === "result") result = event;
    if (interrupted || !moment(event)) continue;
    interrupted = true;
    setTimeout(() => child.kill("SIGINT"), afterMs);
  }
  const code = await ended;
  return result && { ...result, code };
}

/** Kills a process with all its descendants, engine, language host and providers, like the loss of a pipeline's agent. */
function killTree(child: ChildProcess): void {
  const parents = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const tree = (pid: number): number[] => [
    pid,
    ...parents.filter(([, parent]) => parent === pid).flatMap(([own]) => tree(own)),
  ];
  for (const pid of tree(child.pid as number)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has already ended.
    }
  }
}

/** Why commands of kubectl cannot be run, or `false`. */
export const kubectlMissing =
  !onPath("kubectl") &&
  "kubectl is not on PATH, and the fixes that are tried here use it: https://kubernetes.io/docs/tasks/tools/";

/** Runs a command that a finding names, as it stands. */
export async function runFix(
  engine: PulumiEngine,
  fix: string,
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const child = spawn("sh", ["-c", fix], {
    cwd: engine.project,
    env: environmentOf(engine, environment),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((done) => child.on("close", done)),
  ]);
  return { code, stdout, stderr };
}
