import { withoutLogins } from "../../components/secretPlaces.ts";

/** The error of a CLI, as execa reports it to the Automation API: its message has stderr and stdout below the command line. */
interface CliError {
  readonly shortMessage?: string;
  readonly stderr?: string;
}

/**
 * The Pulumi CLI's own message, without the command line and the repetitions that the Automation API puts around it. Never what a command
 * with `--show-secrets` has printed on stdout, which the Automation API puts there too.
 */
export function engineMessage(error: unknown): string {
  // Its message has a part of what was printed.
  if (error instanceof SyntaxError) return "the Pulumi CLI printed something that is not JSON";
  const { message, commandResult } = error as Error & { readonly commandResult?: { readonly err?: CliError } };
  const { shortMessage = "", stderr = "" } = commandResult?.err ?? {};
  const showsSecrets = /^.* --show-secrets\b/.test(shortMessage);
  return withoutLogins(showsSecrets ? stderr.trim() || shortMessage : printed(message));
}

function printed(message: string): string {
  const stderr = /stderr: ([\s\S]*?)(\n ?err\?:|$)/.exec(message)?.[1]?.trim() || message;
  // A CLI that was not found leaves nothing but this line.
  return stderr.replace(/^Command failed with exit code .*\n/, "");
}

/** An error of the Pulumi CLI. Its own fields have all that the CLI printed. */
export const isEngineError = (error: unknown): error is Error => error instanceof Error && "commandResult" in error;
