// Regular expressions for the lines with which an entry of several lines starts. RE2 has no "not followed by", so each lists what a line may
// begin with that does not continue the one before it. They look at no more characters than they need: the rest may not be written yet.

/** The kinds of `alloy.multiline`. */
export type MultilineKind = "java" | "python" | "go" | "dotnet" | "node";

/** A character as it is, in an expression. */
const escaped = (character: string): string => character.replace(/[\\\]^.*+?()|{}[$-]/g, "\\$&");

/** What a line may be whose first word is another one than the words of `notAfter`. */
interface FirstWord {
  /** Its characters, as in a class. */
  readonly of: string;
  /** What follows the first character that differs. */
  readonly rest: string;
  /** After how many characters it may differ. Behind these, every other word is accepted. */
  readonly upTo: number;
}

/** Lines that begin with the first character of one of these words, and not with the word. */
function notAfter(words: readonly string[], firstWord?: FirstWord): string {
  const diverge = (tails: readonly string[], depth: number): string => {
    const next = Map.groupBy(tails, ([first = ""]) => first);
    const keys = [...next.keys()];
    const other = keys.map(escaped).join("");
    const others =
      firstWord && depth <= firstWord.upTo
        ? [`[^${other}${firstWord.of}\\n]`, `${without(firstWord.of, keys)}${firstWord.rest}`, "$"]
        : [`[^${other}\\n]`, "$"];
    const deeper = [...next].flatMap(([key, of]) => {
      const rest = of.map((word) => word.slice(1)).filter((word) => word !== "");
      return rest.length === of.length
        ? [`${escaped(key)}(?:${diverge(rest, key === " " ? Number.POSITIVE_INFINITY : depth + 1)})`]
        : [];
    });
    return [...others, ...deeper].join("|");
  };
  return [...Map.groupBy(words, ([first = ""]) => first)]
    .map(
      ([key, of]) =>
        `${escaped(key)}(?:${diverge(
          of.map((word) => word.slice(1)),
          1,
        )})`,
    )
    .join("|");
}

/** A character of a class but for some. */
function without(of: string, some: readonly string[]): string {
  const parts: string[] = [];
  for (let code = 33; code < 127; code++) {
    const one = String.fromCharCode(code);
    if (!new RegExp(`[${of}]`).test(one) || some.includes(one)) continue;
    const last = parts.at(-1) ?? "";
    // Letters and digits that follow each other are a range.
    if (/^\w(-\w)?$/.test(last) && last.charCodeAt(last.length - 1) === code - 1 && /[0-9A-Za-z]/.test(one))
      parts[parts.length - 1] = `${last[0]}-${one}`;
    else parts.push(escaped(one));
  }
  return `[${parts.join("")}]`;
}

/** Words of these characters that do not end in one of the suffixes. */
function notEndingIn(suffixes: readonly string[], of: string): string {
  const leave = (rest: readonly string[], tail: string): string[] => {
    const next = Map.groupBy(rest, (word) => word.at(-1) ?? "");
    return [
      `[${of}]*${without(of, [...next.keys()])}${tail}`,
      // The first character of the word is before it.
      ...(tail !== "" && rest.every((word) => word.length > 1) ? [tail] : []),
      ...[...next].flatMap(([key, words]) => {
        const shorter = words.map((word) => word.slice(0, -1)).filter((word) => word !== "");
        return shorter.length === words.length ? leave(shorter, key + tail) : [];
      }),
    ];
  };
  return `(?:${leave(suffixes, "").join("|")})`;
}

const javaPackages = "[a-z][\\w$]*(?:\\.[a-z][\\w$]*)*";
const PYTHON = "\\w.";
const PYTHON_ERRORS = ["Error", "Exception", "Warning", "Interrupt", "Exit"];
const pythonError = notEndingIn(PYTHON_ERRORS, PYTHON);
/** What follows the first character of a word, in a line without an exception of Python. */
const pythonWord = `(?:[${PYTHON}]*(?:[^${PYTHON}:\\r\\n]|\\r[^\\n])|(?:${pythonError})?(?::|\\r?$))`;
const GO = "\\w./~%\\-";
/** What follows the first characters of a word that is not a function with its package: `main.main(`. */
const goWord = `[${GO}]*(?:[^${GO}(\\n]|$)`;

/**
 * What a line begins with that starts an entry. All other lines continue the one before them: empty and indented ones, and
 *
 * - java: `Caused by:`, `Suppressed:`, and a class with its package, as in `java.lang.Error: text`
 * - python: `Traceback`, what is between two of them, and an exception, as in `app.SomeError: text`
 * - go: `goroutine 1`, `created by`, `exit status`, and a function with its package, as in `main.main()`
 * - dotnet: a class with its namespace and a colon, as in `System.Exception: text`
 * - node: `}`, `^` and `Node.js v`
 */
export const RECORD_STARTS: Readonly<Record<MultilineKind, string>> = {
  java: [
    "[^\\sCSa-z]",
    notAfter(["Caused by:", "Suppressed:"]),
    `${javaPackages}(?:[^\\w$.\\n]|$|\\.(?:[^A-Za-z\\n]|$))`,
    `${javaPackages}\\.[A-Z][\\w$.]*(?:[^\\w$.:\\r\\n]|\\r[^\\n])`,
  ].join("|"),
  python: [
    "[^\\sA-Za-z_]",
    notAfter(["Traceback (most recent", "The above exception was", "During handling of the above"], {
      ...{ of: PYTHON, rest: pythonWord, upTo: 1 },
    }),
    `[A-CE-SU-Za-z_]${pythonWord}`,
    // `error:` differs from `Error:`.
    ...PYTHON_ERRORS.map(([first = "", ...rest]) => `${without("A-Za-z_", [first])}${rest.join("")}(?::|\\r?$)`),
  ].join("|"),
  go: [
    "[^\\sa-zA-Z_\\[]",
    "\\[(?:[^s\\n]|$)",
    notAfter(["goroutine ", "created by ", "exit status "], { of: GO, rest: goWord, upTo: 9 }),
    `[abdfh-zA-Z_]${goWord}`,
    "[\\w/~%\\-]+\\(",
  ].join("|"),
  dotnet: [
    "[^\\sA-Z-]",
    notAfter(["--- End of"]),
    "[A-Z]\\w*(?:[^\\w.\\n]|$)",
    "[A-Z]\\w*(?:\\.\\w+)*\\.(?:[^\\w\\n]|$)",
    "[A-Z]\\w*(?:\\.\\w+)+(?:[^\\w.:\\n]|$)",
  ].join("|"),
  node: ["[^\\s}^N]", "\\}[^\\s,)\\]}]", notAfter(["Node.js v"])].join("|"),
};

/** A line as containerd writes it whose content begins like this, whole if containerd split it. */
export function containerdLine(start: string): string {
  const of = (stream: string, other: string): string =>
    `${stream} (?:F (?:${start})|P (?:${start})[^\\n]*(?:\\n[^ \\n]+ (?:${stream} P|${other} [PF]) [^\\n]*)*(?:\\n[^ \\n]+ ${stream} F|\\n?\\z))`;
  return `^[^ \\n]+ (?:${of("stdout", "stderr")}|${of("stderr", "stdout")})`;
}
