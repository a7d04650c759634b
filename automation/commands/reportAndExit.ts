/** Whether the message alone says what a person can mend. */
export function isExpected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  // By name and mark: the program of another version of the project has its own classes.
  if (["InvalidArgumentsError", "ProgramError"].includes(error.name) || "__pulumiRunError" in error) return true;
  // A mistyped option.
  if ("code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_")) return true;
  return error.constructor === Error;
}

/** Ends a command: what a person can mend is shown as it is, what they cannot with its stack. */
export function reportAndExit(error: unknown): never {
  console.error(isExpected(error) ? error.message : error);
  process.exit(1);
}
