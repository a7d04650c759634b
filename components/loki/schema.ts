import { z } from "zod";
import type { Finding, Findings } from "../findings.ts";

/** One schema period: tsdb, v13, 24 h index tables. */
export const schemaPeriod = z.strictObject({
  /** First day, UTC, `YYYY-MM-DD`, quoted. */
  from: z.string(),
});

type SchemaPeriod = z.output<typeof schemaPeriod>;

/** The period of a cluster that names none. It begins before the first cluster of this project existed. */
export const DEFAULT_SCHEMA: SchemaPeriod[] = [{ from: "2025-01-01" }];

const PATH = "loki.schema";

/** A period in Loki's own terms. https://grafana.com/docs/loki/latest/configure/#period_config */
export interface LokiPeriod {
  readonly from: string;
  readonly store: string;
  readonly object_store: string;
  readonly schema: string;
  readonly index: { readonly prefix: string; readonly period: string };
}

/** The periods as Loki's `schema_config.configs`. Retention needs index tables of 24 h. */
export const lokiPeriods = (periods: readonly SchemaPeriod[]): LokiPeriod[] =>
  periods.map(({ from }) => ({
    from,
    store: "tsdb",
    object_store: "s3",
    schema: "v13",
    index: { prefix: "loki_index_", period: "24h" },
  }));

/** Checks the periods on their own: each is a real day, they are in order, and the first has begun. */
export function checkSchema(periods: readonly SchemaPeriod[], findings: Findings, today = new Date()): void {
  findings.check(periods.length > 0, {
    subject: PATH,
    given: periods,
    text: "at least one period",
    fix: `leave it out to get from: "${DEFAULT_SCHEMA[0]?.from}"`,
  });
  periods.forEach(({ from }, i) => {
    const path = `${PATH}[${i}].from`;
    const real = isDay(from);
    findings.check(real, {
      subject: path,
      given: from,
      text: 'a day, quoted: "2025-01-01"',
      fix: "write it as YYYY-MM-DD in quotes",
    });
    const before = periods[i - 1]?.from;
    findings.check(before === undefined || !real || from > before, {
      subject: path,
      given: from,
      text: `a day after the previous period, ${before}`,
      fix: "put the periods in order, the newest last, each day once",
    });
    findings.check(i > 0 || !real || from <= day(today), {
      subject: path,
      given: from,
      text: "a first period that has begun: otherwise today's lines have no schema",
      fix: `begin with "${DEFAULT_SCHEMA[0]?.from}"`,
    });
  });
}

/**
 * Checks new periods against the deployed ones. Loki reads each line with the schema of its day. An edited or removed period makes its
 * lines unreadable, and so does a new period in the past.
 */
export function schemaHistoryProblems(
  deployed: readonly LokiPeriod[],
  wanted: readonly LokiPeriod[],
  today = new Date(),
): Finding[] {
  // The past is unknown: a first deployment, or a release that this project did not create.
  if (deployed.length === 0) return [];
  const begun = deployed.filter(({ from }) => from <= day(today));
  return [
    ...begun.flatMap((period, i): Finding[] => {
      if (JSON.stringify(canonical(period)) === JSON.stringify(canonical(wanted[i]))) return [];
      return [
        {
          subject: `${PATH}[${i}]`,
          given: wanted[i] ?? "removed",
          text: `the deployed period, unchanged: ${JSON.stringify(canonical(period))}`,
          fix: "restore it, and append a new period with a day in the future",
        },
      ];
    }),
    ...wanted.slice(begun.length).flatMap((period, i): Finding[] =>
      period.from > day(today) || begun.some(({ from }) => from === period.from)
        ? []
        : [
            {
              subject: `${PATH}[${begun.length + i}].from`,
              given: period.from,
              text: `a day after today, ${day(today)}: lines of past days were written with the previous period`,
              fix: "choose a day in the future; two days ahead leave time to roll out",
            },
          ],
    ),
  ];
}

const day = (date: Date): string => date.toISOString().slice(0, 10);

const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && day(new Date(text)) === text;

const canonical = (period: LokiPeriod | undefined) =>
  period && {
    from: period.from,
    store: period.store,
    object_store: period.object_store,
    schema: period.schema,
    index: { prefix: period.index.prefix, period: period.index.period },
  };
