import { parse } from "yaml";
import { type LokiPeriod, schemaHistoryProblems } from "../../components/loki/schema.ts";
import type { RatedFinding } from "./levels.ts";
import type { ObjectChange, ReleaseChange } from "./objectChanges.ts";

/** The parts of Loki's config that this file reads. */
interface LokiConfig {
  readonly auth_enabled?: boolean;
  readonly common?: { readonly replication_factor?: number; readonly storage?: { readonly s3?: S3Config } };
  readonly schema_config?: { readonly configs?: readonly LokiPeriod[] };
  readonly limits_config?: Readonly<Record<string, unknown>>;
  readonly compactor?: { readonly retention_enabled?: boolean };
}
interface S3Config {
  readonly bucketnames?: string;
  readonly endpoint?: string;
}

/** What a change of Loki's config means for stored lines. */
export function lokiMeanings(release: ReleaseChange, today = new Date()): RatedFinding[] {
  return release.objects.flatMap((change) => {
    const [before, after] = [configOf(change, "before"), configOf(change, "after")];
    return before && after ? configMeanings(before, after, today) : [];
  });
}

function configOf(change: ObjectChange, side: "before" | "after"): LokiConfig | undefined {
  const data = (change[side] as { data?: Record<string, unknown> } | undefined)?.data;
  const text = change.kind === "ConfigMap" ? data?.["config.yaml"] : undefined;
  if (typeof text !== "string") return undefined;
  const config = parse(text) as LokiConfig | null;
  return config?.schema_config ? config : undefined;
}

function configMeanings(before: LokiConfig, after: LokiConfig, today: Date): RatedFinding[] {
  return [
    ...schemaMeanings(before, after, today),
    ...retentionMeanings(before, after),
    ...placeMeanings(before, after),
    ...limitMeanings(before, after),
  ];
}

function schemaMeanings(before: LokiConfig, after: LokiConfig, today: Date): RatedFinding[] {
  const [old, now] = [before, after].map(({ schema_config }) => schema_config?.configs ?? []) as [
    readonly LokiPeriod[],
    readonly LokiPeriod[],
  ];
  const problems = schemaHistoryProblems(old, now, today);
  if (problems.length > 0)
    return problems.map(({ subject, text, fix }) => ({
      level: "destructive",
      subject: `Loki's schema, ${subject}`,
      text: `lines become unreadable; allowed is ${text}`,
      fix,
    }));
  return now.slice(old.length).map(({ from, schema }) => ({
    level: "safe",
    subject: "Loki's schema",
    text: `lines from ${from} on are written as ${schema}; older lines stay readable`,
  }));
}

function retentionMeanings(before: LokiConfig, after: LokiConfig): RatedFinding[] {
  const subject = "retention";
  const enabled = [before, after].map(({ compactor }) => compactor?.retention_enabled === true);
  const [old, now] = [before, after].map(({ limits_config }) => hours(limits_config?.retention_period)) as [
    number,
    number,
  ];
  // Lines are kept forever if the compactor's retention is off, and if the period is 0.
  const [keptBefore, keptAfter] = [enabled[0] && old ? old : Infinity, enabled[1] && now ? now : Infinity];
  if (keptAfter < keptBefore)
    return [
      {
        level: "destructive",
        subject,
        text: `${span(keptBefore)} → ${span(keptAfter)}: the compactor deletes every older line, about two hours after the roll-out`,
        fix: "nothing brings them back; copy the lines that you still need out of the bucket first",
      },
    ];
  return keptAfter > keptBefore
    ? [
        {
          level: "safe",
          subject,
          text: `${span(keptBefore)} → ${span(keptAfter)}: the bucket grows; lines already deleted do not come back`,
        },
      ]
    : [];
}

function placeMeanings(before: LokiConfig, after: LokiConfig): RatedFinding[] {
  const [old, now] = [before, after].map(({ common }) => common?.storage?.s3 ?? {}) as [S3Config, S3Config];
  const meanings: RatedFinding[] = [];
  if (old.bucketnames !== now.bucketnames)
    meanings.push({
      level: "destructive",
      subject: "Loki's bucket",
      text: `${old.bucketnames} → ${now.bucketnames}: lines in the old bucket are no longer found`,
      fix: "copy the old bucket into the new one while Loki is stopped (mc mirror), or keep the name",
    });
  if (old.endpoint !== now.endpoint)
    meanings.push({
      level: "disruptive",
      subject: "MinIO's address",
      text: `${old.endpoint} → ${now.endpoint}: lines are found only if it is the same MinIO`,
    });
  if ((before.auth_enabled ?? true) !== (after.auth_enabled ?? true))
    meanings.push({
      level: "destructive",
      subject: "Loki's tenants",
      text: `auth_enabled ${before.auth_enabled} → ${after.auth_enabled}: lines written so far belong to another tenant and are no longer found`,
    });
  return meanings;
}

function limitMeanings(before: LokiConfig, after: LokiConfig): RatedFinding[] {
  const [old, now] = [before, after].map(({ limits_config }) => limits_config ?? {}) as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const meanings: RatedFinding[] = [];
  const [lookBefore, lookAfter] = [old, now].map((l) => hours(l.max_query_lookback) || Infinity) as [number, number];
  const [keptBefore, keptAfter] = [old, now].map((l) => hours(l.retention_period) || Infinity) as [number, number];
  // A limit that only follows the retention is covered by the retention's own meaning.
  if (lookAfter < lookBefore && !(lookAfter === keptAfter && lookBefore === keptBefore))
    meanings.push({
      level: "disruptive",
      subject: "max_query_lookback",
      text: `${span(lookBefore)} → ${span(lookAfter)}: older lines are kept, but cannot be read`,
    });
  const [ageBefore, ageAfter] = [old, now].map((l) => hours(l.reject_old_samples_max_age)) as [number, number];
  if (ageAfter < ageBefore)
    meanings.push({
      level: "disruptive",
      subject: "reject_old_samples_max_age",
      text: `${span(ageBefore)} → ${span(ageAfter)}: after an outage, older lines are refused, and lost`,
    });
  if (old.deletion_mode === "disabled" && now.deletion_mode !== "disabled")
    meanings.push({
      level: "disruptive",
      subject: "deletion_mode",
      text: `disabled → ${now.deletion_mode}: everyone with the gateway's password can delete lines`,
    });
  for (const limit of ["ingestion_rate_mb", "ingestion_burst_size_mb", "max_global_streams_per_user"]) {
    const [a, b] = [Number(old[limit]), Number(now[limit])];
    if (b < a)
      meanings.push({
        level: "restarts",
        subject: limit,
        text: `${a} → ${b}: above it Loki answers 429, and Alloy waits: lines come late`,
      });
  }
  return meanings;
}

const HOURS: Readonly<Record<string, number>> = { s: 1 / 3600, m: 1 / 60, h: 1, d: 24, w: 168, y: 8760 };

/** Hours of one of Loki's durations: `336h`, `14d`, `1d12h`. */
function hours(duration: unknown): number {
  const parts = [...String(duration ?? "").matchAll(/(\d+(?:\.\d+)?)([smhdwy])/g)];
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * (HOURS[unit ?? ""] ?? 0), 0);
}

const span = (h: number): string => (h === Infinity ? "forever" : h % 24 === 0 ? `${h / 24} days` : `${h} hours`);
