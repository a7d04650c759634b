import { RunError } from "@pulumi/pulumi";
import leven from "leven";
import { holdsSecret } from "./secretPlaces.ts";

/** Something to know or to fix: in the arguments, in a change report or in a cluster. */
export interface Finding {
  /** What it is about: the key path of an argument (`objectStorage.bucket`), an object (`pod loki-write-2`), `MinIO`. */
  readonly subject: string;
  /** What is wrong; for an argument, what is allowed there. */
  readonly text: string;
  /** The value given. Left out if the value is a secret or the key is missing. */
  readonly given?: unknown;
  /** The step that fixes it: a command where there is one. */
  readonly fix: string;
}

/** A given value that is shown as it is in a file: 0336 without quotes is not the text "0336". */
export class AsWritten {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Collects every finding, so that one run shows all of them. */
export class Findings {
  readonly problems: Finding[] = [];
  readonly warnings: string[] = [];

  problem(problem: Finding): void {
    this.problems.push(problem);
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  /** Adds the problem unless `ok`. Returns `ok`. */
  check(ok: boolean, problem: Finding): boolean {
    if (!ok) this.problem(problem);
    return ok;
  }

  /** Runs a check that reads the values at these key paths. Skips it if there is a problem at, above or inside one of them. */
  when(paths: readonly string[], check: () => void): void {
    const isWrong = (path: string) =>
      this.problems.some(({ subject }) => isAtOrIn(path, subject) || isAtOrIn(subject, path));
    if (!paths.some(isWrong)) check();
  }

  /** Runs checks on the parts of the value at a key path. Skips them if the value as a whole has a problem. */
  within(path: string, checks: () => void): void {
    if (!this.problems.some(({ subject }) => isAtOrIn(path, subject))) checks();
  }
}

const isAtOrIn = (path: string, outer: string): boolean =>
  path === outer || (path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length)));

/**
 * All problems of one set of arguments. Thrown before any resource is registered, so nothing has been created.
 * A `RunError`: Pulumi prints its message alone, without a stack trace.
 */
export class InvalidArgumentsError extends RunError {
  readonly problems: readonly Finding[];

  constructor(subject: string, problems: readonly Finding[]) {
    const shown = problems.map(withoutSecret);
    super(formatProblems(subject, shown));
    this.name = "InvalidArgumentsError";
    this.problems = shown;
  }
}

/** A finding without the given value if that has a secret in clear, in a place that no check expects. Its fix may repeat the value. */
function withoutSecret(finding: Finding): Finding {
  const { given, ...others } = finding;
  const key = finding.subject.replace(/^.*[.:]|\[\d+\]$/g, "");
  if (!holdsSecret(given instanceof AsWritten ? given.text : given, key)) return finding;
  const fix = "take the secret out of it, and make a new one, because this one was stored unencrypted";
  return { ...others, fix: `${fix}; docs/arguments.md names the keys for secrets` };
}

/** The known name that was probably meant by a misspelled name or by a longer one. `undefined` if none is close. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const distance = (other: string) => leven(name.toLowerCase(), other.toLowerCase());
  const [best] = [...known].sort((a, b) => distance(a) - distance(b));
  if (best !== undefined && distance(best) <= Math.max(2, name.length / 3)) return best;
  return known.find((other) => name.toLowerCase().startsWith(other.toLowerCase()));
}

/** The list that the user reads: one block per problem, sorted by key path. */
function formatProblems(subject: string, problems: readonly Finding[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const blocks = [...problems]
    .sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0))
    .map(({ subject: path, given, text, fix }) =>
      [
        `  ${visible(path)}`,
        ...(given === undefined ? [] : [`    given:   ${show(given)}`]),
        `    allowed: ${indent(text)}`,
        `    fix:     ${indent(fix)}`,
      ].join("\n"),
    );
  return [`${subject}: ${count}, nothing has been created.`, ...blocks].join("\n");
}

const show = (value: unknown): string => {
  const text = value instanceof AsWritten ? value.text : (JSON.stringify(value) ?? String(value));
  // Both ends: what was pasted too much is at one of them.
  return visible(text.length > 120 ? `${text.slice(0, 77)}...${text.slice(-40)}` : text);
};

/** A text with escapes for the characters that nobody sees. */
const visible = (text: string): string =>
  text.replace(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]|[^\P{Zs} ]/gu, (character) =>
    character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );

/**
 * Returns a secret's value, or fails with the problem that the check finds. The value is known only after the arguments are checked, so
 * it cannot be in their list. stack/secretKeys.ts checks a stack's own config earlier.
 *
 * @throws {RunError} with the problem. It does not repeat the value.
 */
export function checkedSecret(value: string, check: (value: string) => Finding | undefined): string {
  const problem = check(value);
  if (problem) throw new RunError(`${problem.subject}: allowed: ${problem.text}. fix: ${problem.fix}`);
  return value;
}

/** Findings as `deploy` and `doctor` print them. */
export const findingLines = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ subject, text, fix }) => [`${subject}: ${text.replaceAll("\n", "\n    ")}`, `    → ${fix}`]);

const indent = (text: string): string => text.replaceAll("\n", "\n             ");
