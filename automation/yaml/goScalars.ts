// What a plain scalar means to gopkg.in/yaml.v3, the parser of the Pulumi engine:
// https://github.com/go-yaml/yaml/blob/v3.0.1/resolve.go. It is neither YAML 1.1 nor YAML 1.2: `yes` is text, `0336` is octal, `1_000` is a
// number, `2025-01-01` is a date.

/** A scalar that the engine turns into a date, whose text no reader of the config expects. */
export const DATE: unique symbol = Symbol("date");

/** Value of a scalar. A whole number beyond JavaScript's range is a bigint. */
export type GoScalar = string | number | bigint | boolean | null | typeof DATE;

const NAMED = new Map<string, GoScalar>([
  ...["true", "True", "TRUE"].map((text) => [text, true] as const),
  ...["false", "False", "FALSE"].map((text) => [text, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((text) => [text, null] as const),
  ...[".nan", ".NaN", ".NAN"].map((text) => [text, Number.NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((text) => [text, Number.POSITIVE_INFINITY] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((text) => [text, Number.NEGATIVE_INFINITY] as const),
]);

/** Also text that only resembles a date, such as 2025-13-45: what Go's `time.Parse` makes of it is nobody's intention. */
const LIKE_DATE = /^\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:.*)?$/;

const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/** The value of a plain scalar without a tag. */
export function goScalar(text: string): GoScalar {
  const named = NAMED.get(text);
  if (named !== undefined) return named;
  if (text.startsWith(".")) return floatOf(text) ?? text;
  if (!/^[-+0-9]/.test(text)) return text;
  if (LIKE_DATE.test(text)) return DATE;
  const plain = text.replaceAll("_", "");
  return wholeOf(plain) ?? floatOf(plain) ?? prefixedOf(plain) ?? text;
}

/**
 * Whether the engine drops the leading zeros of a number: 0336 becomes 222, and 0528 becomes 528. A person means 336, or a text such as an
 * account's number.
 */
export const losesZeros = (text: string): boolean => /^[-+]?0[0-9_]+$/.test(text) && typeof goScalar(text) !== "string";

/** `strconv.ParseInt(text, 0, 64)`, else `strconv.ParseUint(text, 0, 64)`. */
function wholeOf(text: string): number | bigint | undefined {
  const [, sign = "", prefix = "", digits = ""] = /^([-+]?)(0[xob]|0(?=.))?(.*)$/i.exec(text) ?? [];
  const base = { "": 10, "0x": 16, "0o": 8, "0": 8, "0b": 2 }[prefix.toLowerCase()] as number;
  return integer(sign, digits, base);
}

/** Binary and octal as yaml.v3 reads them after all else failed: the sign may follow the prefix. */
function prefixedOf(text: string): number | bigint | undefined {
  const [, sign, digits = ""] = /^0[bo]([-+])(.*)$/.exec(text) ?? [];
  return sign === undefined ? undefined : integer(sign, digits, text[1] === "b" ? 2 : 8);
}

const DIGITS: Readonly<Record<number, RegExp>> = { 2: /^[01]+$/, 8: /^[0-7]+$/, 10: /^[0-9]+$/, 16: /^[0-9a-f]+$/i };
const PREFIX: Readonly<Record<number, string>> = { 2: "0b", 8: "0o", 10: "", 16: "0x" };

function integer(sign: string, digits: string, base: number): number | bigint | undefined {
  if (!DIGITS[base]?.test(digits)) return undefined;
  const size = BigInt(`${PREFIX[base]}${digits}`);
  const value = sign === "-" ? -size : size;
  // Only a number without a sign may use all 64 bits.
  if (value < -(2n ** 63n) || value >= 2n ** (sign === "" ? 64n : 63n)) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** `strconv.ParseFloat`. It refuses what is too large for 64 bits, and then the scalar is text. */
function floatOf(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}
