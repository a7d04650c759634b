/** What the canary reports of its lines. */
export interface CanaryCounts {
  readonly written: number;
  /** Read back through the gateway. */
  readonly found: number;
  /** Not found in five minutes. */
  readonly missing: number;
}

const METRICS = {
  written: "loki_canary_entries_total",
  found: "loki_canary_response_latency_seconds_count",
  missing: "loki_canary_missing_entries_total",
} as const satisfies Record<keyof CanaryCounts, string>;

/** Reads the canary's `/metrics`. @throws when a metric is not there. */
export function canaryCounts(metrics: string): CanaryCounts {
  const value = (name: string): number => {
    const text = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, "m").exec(metrics)?.[1];
    if (text === undefined) throw new Error(`the canary reports no ${name}`);
    return Number(text);
  };
  return { written: value(METRICS.written), found: value(METRICS.found), missing: value(METRICS.missing) };
}

/** The counts for a person. */
export const canaryText = ({ written, found, missing }: CanaryCounts): string =>
  `${found} of the canary's ${written} lines were read back, ${missing} are missing`;
