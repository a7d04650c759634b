// Odd scalars of a stack file. tests/fixtures/engineScalars.json holds what the Pulumi engine reads for each.
import { existsSync, readFileSync } from "node:fs";

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Each stands behind `key: ` in a stack file. */
export const ODD_SCALARS: readonly string[] = [
  // Words for true, false and nothing, in YAML 1.1 or in other languages
  ...words("true True TRUE tRUE false False FALSE fALSE yes Yes YES no No NO on On ON off Off OFF y Y n N t f T F"),
  ...words("~ null Null NULL nULL nil None undefined void"),
  ...["", " ", '""', "''", "-", "--", ".", "..", "...", "=", "<<", "_", "+", "?x", ":x", "x:", "x:y"],
  // Whole numbers
  ...words(
    "0 -0 +0 00 000 1 01 007 08 09 010 0336 0777 -017 +017 0123456789 0888 01.5 08.5 1_000 1__0 1_ _1 0_7 0_8 -1_0",
  ),
  ...words(
    "0x1F 0X1f -0x1F +0x10 0x 0xg 0x_1F 0x1F_ 0o17 0O17 -0o17 0o8 0o 0o-7 0o+7 0b101 0B11 -0b11 0b2 0b 0b-1 0b+1 -0b-1",
  ),
  ...words(
    "9007199254740991 9007199254740992 9007199254740993 9223372036854775807 9223372036854775808 18446744073709551615",
  ),
  ...words(
    "18446744073709551616 -9223372036854775808 -9223372036854775809 +9223372036854775808 0xFFFFFFFFFFFFFFFF 123e",
  ),
  // Fractions
  ...words(
    "1.0 1. .5 -.5 +.5 0.1 -0.0 1.50 00.5 1e3 1E3 1e+3 1e-3 1.e3 .5e1 e3 1e 1e400 -1e400 1e-400 1e21 1e-7 123456789.123456789",
  ),
  ...words(
    ".inf .Inf .INF -.inf +.inf .iNF inf Infinity .nan .NaN .NAN nan NaN 1_000.5 1.5_0 ._5 1,000 1.000,5 1.2.3 v1.2.3 1.10",
  ),
  ...words(
    "0x1p-2 1e3_0 1d 5% 33% $5 1k 1Ki 100m 2Gi 1h 14d 336h 10/32 10.20.0.10/32 10.0 192.168.0.1 ::1 fd00::1/128",
  ),
  // Dates and times
  ...words(
    "2025-01-01 2025-1-1 2025-13-45 2025-01 2025-01-01T00:00:00Z 2025-01-01t12:30:00.5+02:00 20250101 01-01-2025 25-01-01",
  ),
  ...["2025-01-01 00:00:00", "2025-01-01 1:2:3", "2025-01-01 later", "2025-01-01T00", "2025-01-01x"],
  ...words("12:30 1:30:00 190:20:30.15 -1:30 22:22 08:00 2025W01"),
  // Quotes, escapes and other marks
  ...[
    "'0336'",
    '"0336"',
    "'it''s'",
    '"a\\tb"',
    '"a\\nb"',
    '"\\x41\\u263a\\U0001F600"',
    '"\\ud83d\\ude00"',
    '"a\\/b"',
    '"\\e"',
    '"\\q"',
  ],
  ...[
    '"a\\r"',
    '"\\u00a0x"',
    '"\\ufeffx"',
    '"\\u200bx"',
    '"\\0"',
    '"\\na"',
    '" \\na"',
    '"a\\n"',
    "'a b '",
    "a  b",
    "a #b",
    "a#b",
    "#b",
  ],
  ...[
    "!!str 12",
    "!!int 12",
    "!!float 1",
    "!!bool yes",
    "!!binary YQ==",
    "!!timestamp 2025-01-01",
    "!custom x",
    "! x",
    "!",
    "!!null x",
  ],
  ...[
    "&anchor 1",
    "&a.b 1",
    "*missing",
    "| ",
    "> ",
    "|x",
    "[1, 02]",
    "[a, b",
    "{a: 1}",
    "{a: 07}",
    "{a:1}",
    "{a",
    "[?x]",
    "[:x]",
    "[a: b]",
  ],
  ...[
    "%x",
    "@x",
    "`x",
    "a: b",
    "- a",
    "a\tb",
    "\ta",
    "a\t",
    "\u00e9",
    "\u65e5\u672c",
    "\ud83d\ude00",
    "a\u00a0b",
    "\u00a0a",
    "a\u200b",
  ],
  ...[
    "a\ufeff",
    "a\u0085b",
    "a\u2028b",
    "a\u0007",
    "a\rb",
    "C:\\logs",
    "\\x41",
    "${HOME}",
    "{{ .x }}",
    "a/b",
    "a,b",
    "a]b",
    "a}b",
    "a'b",
    'a"b',
  ],
  ...words(
    "null: ~x 0.0.0.0 1-2 +1-2 1+2 1/2 1e3x 0x1F2h 007bond 1st N/A n/a no. y: -y --no -.5.5 .5.5 ._ -_1 +_1 0_ 0__7 1e1_0 00x1F",
  ),
];

/** One row of the recorded table: the scalar, then what the engine hands to the program. Only the scalar if the engine refuses it. */
export type RecordedScalar = readonly [scalar: string] | readonly [scalar: string, text: string, value: unknown];

/** The recorded table. Empty before it is recorded for the first time. */
export function recordedScalars(): readonly RecordedScalar[] {
  const file = new URL("../fixtures/engineScalars.json", import.meta.url);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
}

/** Lines of a config with a scalar at the top level, where the engine hands over text, and inside a map. */
export const linesWith = (scalar: string, n: number): string =>
  `  logging:top${n}: ${scalar}\n  logging:map${n}:\n    key: ${scalar}\n`;
