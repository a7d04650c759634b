import { parseArgs } from "node:util";

/** Parts that `npm run local` can break. */
export const PARTS = ["writer", "minio", "alloy"] as const;

export type Part = (typeof PARTS)[number];

export const USAGE = `npm run local                    a stack on this machine, with applications that log, until Ctrl-C
npm run local -- --break PART    breaks a part once the stack runs, and prints which alerts fire and when

parts: ${PARTS.join(", ")}`;

/** What a person asks for. @throws for an option or a part that does not exist. */
export function localArguments(): { readonly help: boolean; readonly part?: Part } {
  const { values } = parseArgs({ options: { break: { type: "string" }, help: { type: "boolean", default: false } } });
  if (values.break === undefined) return { help: values.help };
  const part = PARTS.find((name) => name === values.break);
  if (!part) throw new Error(`--break ${values.break}: there is no such part. Allowed: ${PARTS.join(", ")}`);
  return { help: values.help, part };
}
