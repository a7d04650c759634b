import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/**
 * Reads a command's arguments. `--help` prints how it is used and ends.
 *
 * @throws on a mistyped option, with how the command is used.
 */
export function readCommandLine<const Options extends ParseArgsOptionsConfig>(usage: string, options: Options) {
  if (process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    // Node goes on to explain positional arguments, of which none begins with a dash here.
    throw new Error(`${(error as Error).message.replace(/\. To specify a positional.*/s, "")}\n${usage}`);
  }
}
