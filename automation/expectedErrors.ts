import { inspect } from "node:util";

/** Errors whose message alone tells the user what to fix: no stack trace is needed. */
export function isExpected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  // By name and mark: the program of another version of the project has its own classes.
  return (
    ["InvalidArgumentsError", "ProgramError", "UsageError"].includes(error.name) ||
    "__pulumiRunError" in error ||
    error.constructor === Error
  );
}

/** What a command prints of an error: the message of an expected one, everything of any other. */
export const errorText = (error: unknown): string => (isExpected(error) ? error.message : inspect(error));
