/** The Pulumi CLI's own message, without the command line and the repetitions that the Automation API puts around it. */
export function engineMessage(error: unknown): string {
  const { message } = error as Error;
  const stderr = /stderr: ([\s\S]*?)(\n ?err\?:|$)/.exec(message)?.[1]?.trim() || message;
  // A CLI that was not found leaves nothing but this line.
  return stderr.replace(/^Command failed with exit code .*\n/, "");
}
