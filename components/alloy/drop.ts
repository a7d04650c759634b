import { z } from "zod";
import { explained } from "../argumentTypes.ts";
import { re2Pattern } from "../regularExpressions.ts";
import { namespacePatterns } from "./namespacePatterns.ts";
import { inNamespaces, literal } from "./ottl.ts";
import type { Rule } from "./rule.ts";

/** Levels from the lowest, and the words for each that applications write. */
const LEVEL_WORDS = {
  trace: ["trace", "trc", "verbose", "finest", "finer", "silly"],
  debug: ["debug", "dbug", "dbg", "fine"],
  info: ["info", "inf", "information", "informational", "notice"],
  warn: ["warn", "wrn", "warning"],
  error: ["error", "err", "eror", "severe"],
  fatal: ["fatal"],
} as const;
const LEVELS = Object.keys(LEVEL_WORDS) as Array<keyof typeof LEVEL_WORDS>;

/** Shares are exact to a thousandth. */
const SHARES = 1000;

/** Lines that are not sent. */
export const dropRule = z
  .strictObject({
    /** Namespaces, or patterns for them: `team-a`, `load-*`. */
    namespaces: namespacePatterns,
    /**
     * Lines whose JSON has a lower level: `info` means `debug` and `trace`. Lines without such a level stay, even if Loki finds one in
     * their text: use `pattern` for these.
     * @default - lines of any level
     */
    belowLevel: z.enum(["debug", "info", "warn", "error", "fatal"]).optional(),
    /**
     * Lines in which this regular expression of RE2 is found. https://github.com/google/re2/wiki/Syntax
     * @default - any text
     */
    pattern: re2Pattern.optional(),
    /**
     * The share of these lines that is kept, from 0.001 to 0.999. A line's time and text decide, so a line that is sent again is kept again.
     * @default - none is kept
     */
    sample: z
      .number()
      .min(1 / SHARES)
      .max(1 - 1 / SHARES)
      .optional(),
  })
  .refine(
    ({ belowLevel, pattern }) => belowLevel !== undefined || pattern !== undefined,
    explained({
      text: "a rule with belowLevel, pattern or both: without them it would drop every line of its namespaces",
      fix: "add belowLevel or pattern; to collect nothing of a namespace, write it in alloy.exclude",
    }),
  );

type DropRule = z.output<typeof dropRule>;

/** The rule in words, for the pipeline and the change report. */
const words = ({ namespaces, belowLevel, pattern, sample }: DropRule): string =>
  [
    `drop lines of ${namespaces.join(", ")}`,
    belowLevel && `below ${belowLevel}`,
    pattern && `with ${pattern}`,
    sample && `but keep ${sample} of them`,
  ]
    .filter(Boolean)
    .join(" ");

/** A filter for each rule. Alloy counts what each drops, in `otelcol_processor_filter_logs_filtered`. */
export const dropRules = (rules: readonly DropRule[]): Rule[] =>
  rules.map((rule, i) => ({
    words: words(rule),
    processors: {
      [`filter/drop-${i + 1}`]: { error_mode: "silent", log_conditions: [condition(rule)] },
    },
  }));

const condition = ({ namespaces, belowLevel, pattern, sample }: DropRule): string =>
  [
    inNamespaces(namespaces),
    ...(belowLevel ? [`IsMatch(log.attributes["level"], ${literal(`(?i)^(?:${lower(belowLevel).join("|")})$`)})`] : []),
    ...(pattern ? [`IsMatch(log.body, ${literal(pattern)})`] : []),
    ...(sample ? [notInSample(Math.round(sample * SHARES))] : []),
  ].join(" and ");

const lower = (level: DropRule["belowLevel"]): string[] =>
  LEVELS.slice(0, LEVELS.indexOf(level ?? "trace")).flatMap((one) => [...LEVEL_WORDS[one]]);

/** The last three digits of a hash, with its sign: equally likely from -999 to 999, but for 0, which is twice as likely. */
function notInSample(kept: number): string {
  const hash = 'FNV(Concat([String(log.time_unix_nano), log.body], " "))';
  const rest = `${hash} - ${hash} / ${SHARES} * ${SHARES}`;
  return `(${rest} >= ${kept} or ${rest} <= ${-kept})`;
}
