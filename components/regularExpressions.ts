import { RE2JS } from "re2js";
import { explained, text } from "./argumentTypes.ts";

/** What RE2 finds wrong with a pattern. `undefined` if it accepts it. */
function problemOf(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, "");
  }
}

/** Whether RE2 finds a pattern in a text. */
export const isFound = (pattern: string, text: string): boolean => RE2JS.compile(pattern).matcher(text).find();

/** Whether it finds the pattern in a text with nothing in it, and so in every text. */
const matchesNothing = (pattern: string): boolean => isFound(pattern, "");

/** A regular expression of RE2, which Go's programs use, that needs at least one character. https://github.com/google/re2/wiki/Syntax */
export const re2Pattern = text
  .refine(
    (pattern) => problemOf(pattern) === undefined,
    explained({
      text: "a regular expression of RE2, which has no lookahead, lookbehind and backreference: https://github.com/google/re2/wiki/Syntax",
      fix: (pattern: string) => `correct it: ${problemOf(pattern)}`,
    }),
  )
  .refine(
    (pattern) => problemOf(pattern) !== undefined || !matchesNothing(pattern),
    explained({
      text: "a regular expression that needs at least one character: this one matches every line, even an empty one",
      fix: "write what the line contains, without a star around all of it",
    }),
  );
