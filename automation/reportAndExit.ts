/** Ends a command: what a person can mend is shown as it is, what they cannot with its stack. */
export function reportAndExit(error: unknown): never {
  // By name: the program of another version of the project has a class of its own.
  const refused = error instanceof Error && error.name === "InvalidArgumentsError";
  const expected = refused || (error instanceof Error && error.constructor === Error);
  console.error(expected ? (error as Error).message : error);
  process.exit(1);
}
