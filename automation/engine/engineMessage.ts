/** What the Pulumi CLI said, without the command line and the repetitions that the Automation API puts around it. */
export function engineWords(error: unknown): string {
  const { message } = error as Error;
  const said = /stderr: ([\s\S]*?)(\n ?err\?:|$)/.exec(message)?.[1]?.trim() || message;
  // Where the CLI itself was not found, there is nothing but that line.
  return said.replace(/^Command failed with exit code .*\n/, "");
}
