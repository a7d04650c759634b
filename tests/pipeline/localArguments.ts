import { argumentsOf } from "../harness/developerCommand.ts";

/** Parts that `npm run local` can break. */
export const PARTS = ["writer", "minio", "alloy"] as const;

export type Part = (typeof PARTS)[number];

const USAGE = `npm run local                    a stack on this machine, with applications that log, until Ctrl-C
npm run local -- --break PART    breaks a part once the stack runs, and prints which alerts fire and when

parts: ${PARTS.join(", ")}`;

/** The part that a person asks to break. Ends the process for an option or a part that does not exist. */
export function partToBreak(): Part | undefined {
  const { values } = argumentsOf(USAGE, { break: { type: "string" } });
  if (values.break === undefined) return undefined;
  const part = PARTS.find((name) => name === values.break);
  if (part) return part;
  console.error(`--break ${values.break}: there is no such part. Allowed: ${PARTS.join(", ")}\n\n${USAGE}`);
  process.exit(2);
}
