import { apiMessage } from "./cluster/apiMessage.ts";
import { engineMessage, isEngineError } from "./engine/engineMessage.ts";

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

/** An answer of the Kubernetes API that is an error, or none because of the network. */
const isApiError = (error: unknown): boolean =>
  error instanceof Error && ("body" in error || error.message === "fetch failed");

/**
 * What a command prints of an error: the message of an expected one, the stack of any other and of its causes. Never an error's fields:
 * clients keep requests, answers and whole files in them.
 */
export function errorText(error: unknown): string {
  if (isEngineError(error)) return engineMessage(error);
  if (isApiError(error)) return `the cluster: ${apiMessage(error)}`;
  if (isExpected(error)) return error.message;
  if (!(error instanceof Error)) return String(error);
  const text = error.stack ?? error.message;
  return error.cause === undefined ? text : `${text}\ncaused by: ${errorText(error.cause)}`;
}
