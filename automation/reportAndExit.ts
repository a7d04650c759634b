import { InvalidArgumentsError } from "../components/problems.ts";

/** Ends a command: what a person can mend is shown as it is, what they cannot with its stack. */
export function reportAndExit(error: unknown): never {
  const expected = error instanceof InvalidArgumentsError || (error instanceof Error && error.constructor === Error);
  console.error(expected ? (error as Error).message : error);
  process.exit(1);
}
