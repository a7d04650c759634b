import { RunError } from "@pulumi/pulumi";
import leven from "leven";

/** One thing that is wrong with the arguments, said so that the reader can mend it without opening the code. */
export interface Problem {
  /** Key path of the argument, as it stands in `Pulumi.<stack>.yaml`: `objectStorage.bucket`. */
  readonly path: string;
  /** The value given. Left out where the value is a secret or the key is missing. */
  readonly given?: unknown;
  /** What is allowed there, or what is wrong with it. */
  readonly expected: string;
  /** The step that mends it. */
  readonly fix: string;
}

/** Collects what every room finds, so that one run shows all of it. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];

  problem(problem: Problem): void {
    this.problems.push(problem);
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  /** Adds the problem unless `ok`, and says whether it was fine. */
  check(ok: boolean, problem: Problem): boolean {
    if (!ok) this.problem(problem);
    return ok;
  }
}

/**
 * All problems of one set of arguments. Thrown before any resource is registered, so nothing has been created.
 * A `RunError`: Pulumi prints its message alone, without a stack trace.
 */
export class InvalidArgumentsError extends RunError {
  readonly problems: readonly Problem[];

  constructor(subject: string, problems: readonly Problem[]) {
    super(formatProblems(subject, problems));
    this.name = "InvalidArgumentsError";
    this.problems = problems;
  }
}

/** The name that was probably meant by a misspelled one, or by one that says more than it has to. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const distance = (other: string) => leven(name.toLowerCase(), other.toLowerCase());
  const [best] = [...known].sort((a, b) => distance(a) - distance(b));
  if (best !== undefined && distance(best) <= Math.max(2, name.length / 3)) return best;
  return known.find((other) => name.toLowerCase().startsWith(other.toLowerCase()));
}

/** The list a person reads: one block per problem, sorted by key path. */
function formatProblems(subject: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const blocks = [...problems]
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    .map(({ path, given, expected, fix }) =>
      [
        `  ${path}`,
        ...(given === undefined ? [] : [`    given:   ${show(given)}`]),
        `    allowed: ${indent(expected)}`,
        `    fix:     ${indent(fix)}`,
      ].join("\n"),
    );
  return [`${subject}: ${count}, nothing has been created.`, ...blocks].join("\n");
}

const show = (value: unknown): string => {
  const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};

const indent = (text: string): string => text.replaceAll("\n", "\n             ");
