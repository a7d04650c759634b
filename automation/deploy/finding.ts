/** One thing that is wrong, and what to do about it. */
export interface Finding {
  /** What it is about: `pod loki-write-2`, `MinIO`, `Azure`. */
  readonly subject: string;
  readonly text: string;
  /** What mends it: a command where there is one. */
  readonly fix: string;
}

/** Findings as a person reads them. */
export const findingLines = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ subject, text, fix }) => [`${subject}: ${text.replaceAll("\n", "\n    ")}`, `    → ${fix}`]);
