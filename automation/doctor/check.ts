import type { Finding } from "../../components/findings.ts";

/** The result of a check: nothing is wrong (with what was seen), something is, or the check could not be made. */
export type CheckResult =
  | { readonly state: "ok"; readonly seen: string }
  | { readonly state: "bad"; readonly findings: readonly Finding[] }
  | { readonly state: "skipped"; readonly why: string };

/** One thing that the doctor examines. It changes nothing. */
export interface Check {
  readonly name: string;
  run(): Promise<CheckResult>;
}

export const ok = (seen: string): CheckResult => ({ state: "ok", seen });

export const skipped = (why: string): CheckResult => ({ state: "skipped", why });

/** Bad with findings, ok without. */
export const judged = (findings: readonly Finding[], seen: string): CheckResult =>
  findings.length > 0 ? { state: "bad", findings } : ok(seen);

/** A check whose result is known already. */
export const known = (name: string, result: CheckResult): Check => ({ name, run: async () => result });

/** Asks on the first call. Checks that need the same answer share it. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
