import type { ParseArgsOptionsConfig } from "node:util";
import { commandLine, UsageError } from "../../automation/commands/defineCommand.ts";

/**
 * Reads the arguments of a command for developers. For `--help`, and for an option that the command does not have, it prints the usage
 * and ends the process.
 */
export function argumentsOf<const Options extends ParseArgsOptionsConfig>(usage: string, options: Options) {
  const argv = process.argv.slice(2);
  if (argv.includes("--help") || argv.includes("-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return commandLine(argv, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}
