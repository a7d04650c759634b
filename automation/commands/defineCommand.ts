import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { errorText } from "../expectedErrors.ts";

/** A command: takes its arguments, prints, and returns its exit code. Errors are printed too, never thrown. */
export type Command = (argv: readonly string[]) => Promise<number>;

type CommandLine<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true; args: string[] }>
>;

/** Arguments that do not fit the command. The message names the argument and what is allowed. The usage is printed below it. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  // Without a message, a person would have to find the mistake in the usage.
  constructor(message: string) {
    super(message);
  }
}

/**
 * Makes a command that reads its arguments, answers `--help`, and prints its errors.
 *
 * @param usage How the command is used; computed only when it is printed.
 * @param run Does the work and returns the exit code. Errors that it throws end the command with 1.
 */
export const defineCommand =
  <const Options extends ParseArgsOptionsConfig>(
    usage: () => string,
    options: Options,
    run: (line: CommandLine<Options>) => Promise<number>,
  ): Command =>
  async (argv) => {
    try {
      if (argv.includes("--help") || argv.includes("-h")) {
        console.log(usage());
        return 0;
      }
      return await run(commandLine(argv, options));
    } catch (error) {
      const text = error instanceof UsageError ? `${error.message}\n${usage()}` : errorText(error);
      console.error(text);
      return 1;
    }
  };

/** Reads a command's arguments. @throws {UsageError} for an option that the command does not have, or one without its value. */
export function commandLine<const Options extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: Options,
): CommandLine<Options> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    // Node goes on to explain how to pass a positional argument that begins with a dash. None does here.
    throw new UsageError((error as Error).message.replace(/\. To specify a positional.*/s, ""));
  }
}

/** The only positional argument. @throws {UsageError} when there is none, or more than one. */
export function onlyStack([stack, ...others]: readonly string[]): string {
  if (!stack) throw new UsageError("<stack> is missing");
  if (others.length > 0) throw new UsageError(`one stack at a time, not ${[stack, ...others].join(" and ")}`);
  return stack;
}

/** A day. After a time that it cannot count, Node's clock ends at once. */
const MOST_SECONDS = 86_400;

/** The number that an option has. @throws {UsageError} when it has none, or `isAllowed` refuses it. */
export function numberOf(
  option: string,
  given: string,
  allowed: string,
  isAllowed: (number: number) => boolean,
): number {
  const number = Number(given.trim() || Number.NaN);
  if (Number.isFinite(number) && isAllowed(number)) return number;
  throw new UsageError(`${option} ${given}: ${allowed} is allowed`);
}

/** The seconds of `--timeout`. @throws {UsageError} when they are not between 0 and a day. */
export const timeoutOf = (given: string): number =>
  numberOf("--timeout", given, `a number of seconds up to ${MOST_SECONDS}`, (n) => n > 0 && n <= MOST_SECONDS);

/** Runs a command with this process's arguments, and ends the process with its exit code. */
export function runAsProcess(main: Command): void {
  const lost = outputErrors();
  main(process.argv.slice(2)).then(async (code) => {
    await Promise.all([process.stdout, process.stderr].map(flushed));
    const [error] = lost;
    if (error) process.stderr.write(`the output could not be written: ${error.message}\n`);
    // Ends now: requests without an answer, as of a cluster that cannot be reached, would keep the process alive.
    process.exit(code || (error ? 1 : 0));
  });
}

/** Collects why output was lost, as on a full disk: `console.log` keeps it to itself. A reader that wants no more, as `head`, does not count. */
function outputErrors(): readonly Error[] {
  const errors: Error[] = [];
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") errors.push(error);
  });
  return errors;
}

/**
 * Waits until a stream has handed over what was printed. Of what a full pipe has not taken, `process.exit` would lose the rest.
 * https://nodejs.org/api/process.html#a-note-on-process-io
 */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((done) => {
    // A reader that is gone gets nothing more.
    stream.once("error", () => done());
    stream.write("", () => done());
  });
