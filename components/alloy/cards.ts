// Numbers of cards, checked by Luhn. The collector's language has no loop, so the statements below are repeated.
import { literal } from "./ottl.ts";

/** How many numbers in a line are checked. If a line has more, the rest is masked without a check. */
export const CHECKED_CARDS = 8;

/**
 * Digits as cards have them: 13 to 19 in one piece, or in the groups of Visa and Mastercard, of cards with 19 digits, of American Express and
 * of Diners Club. They begin with 2 to 6: times in milliseconds and nanoseconds begin with 1.
 * https://en.wikipedia.org/wiki/Payment_card_number
 */
const NUMBER =
  "[2-6]\\d{12,18}|[2-6]\\d{3}[ -]\\d{4}[ -]\\d{4}[ -]\\d{4}(?:[ -]\\d{3})?|[2-6]\\d{3}[ -]\\d{6}[ -]\\d{4,5}";
const BEFORE = "(?:^|[^0-9A-Za-z])";
const AFTER = "(?:$|[^0-9A-Za-z])";
const CANDIDATE = `${BEFORE}(?P<card>${NUMBER})${AFTER}`;

/** Marks a number that is not a card's, so that it is not found again. */
const NO_CARD = "x\u0001x";

/** Lines without this have no number of a card. Only in the others, the statements run: they take longer than all of the pipeline. */
export const MAY_HAVE_CARD = `IsMatch(log.body, ${literal("[2-6]\\d{3}[ -]?\\d{4}")})`;

/** The next number that may be a card's. */
const FIND = `merge_maps(log.cache, ExtractPatterns(log.body, ${literal(CANDIDATE)}), "upsert")`;

/** Masks the number if it is a card's. Otherwise takes care that it is not found again, and that a number inside it is. */
const checked = (masked: string): string[] => [
  'set(log.cache["digits"], log.cache["card"])',
  'replace_pattern(log.cache["digits"], "[ -]", "")',
  'set(log.cache["other"], log.cache["card"])',
  // Of 19 digits in groups, the last three may be something else: the security code.
  `replace_pattern(log.cache["other"], ${literal("^(.{16,}[ -])(\\d{3})$")}, ${literal(`\${1}${NO_CARD}\${2}`)})`,
  `replace_pattern(log.cache["other"], ${literal("^(\\d)([^x]*)$")}, ${literal(`\${1}${NO_CARD}\${2}`)})`,
  `set(log.cache["other"], ${literal(masked)}) where IsValidLuhn(log.cache["digits"])`,
  // The number has digits, blanks and dashes: the same text is the expression that finds it.
  `replace_pattern(log.body, Concat([${literal(`(${BEFORE})`)}, log.cache["card"], ${literal(`(${AFTER})`)}], ""), Concat([${literal("${1}")}, log.cache["other"], ${literal("${2}")}], ""))`,
  'delete_key(log.cache, "card")',
];

/** Statements that mask every card in a line. */
export function cardStatements(masked: string): string[] {
  const found = 'log.cache["card"] != nil';
  return [
    'delete_key(log.cache, "card")',
    'delete_key(log.cache, "digits")',
    FIND,
    ...Array.from({ length: CHECKED_CARDS }, () => [
      'delete_key(log.cache, "digits")',
      ...checked(masked).map((statement) => also(statement, found)),
      also(FIND, 'log.cache["digits"] != nil'),
    ]).flat(),
    also(
      `replace_pattern(log.body, ${literal(`(${BEFORE})(?:${NUMBER})(${AFTER})`)}, ${literal(`\${1}${masked}\${2}`)})`,
      found,
    ),
    `replace_pattern(log.body, ${literal(NO_CARD)}, "") where Index(log.body, ${literal(NO_CARD)}) >= 0`,
  ];
}

/** A statement with one more condition. */
const also = (statement: string, condition: string): string =>
  statement.includes(" where ")
    ? statement.replace(" where ", ` where ${condition} and `)
    : `${statement} where ${condition}`;
