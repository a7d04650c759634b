import type { Finding } from "../../components/findings.ts";

/** What a check found: nothing wrong (with a word on what was seen), or findings, or that it could not look. */
export type CheckResult =
  | { readonly state: "ok"; readonly seen: string }
  | { readonly state: "bad"; readonly findings: readonly Finding[] }
  | { readonly state: "skipped"; readonly why: string };

/** One thing that the doctor looks at. It changes nothing. */
export interface Check {
  readonly name: string;
  run(): Promise<CheckResult>;
}

export const ok = (seen: string): CheckResult => ({ state: "ok", seen });
export const skipped = (why: string): CheckResult => ({ state: "skipped", why });
/** Findings, or fine when there are none. */
export const judged = (findings: readonly Finding[], seen: string): CheckResult =>
  findings.length > 0 ? { state: "bad", findings } : ok(seen);
