import { isDeepStrictEqual } from "node:util";
import type { Fields, Manifest } from "../../components/helm/manifest.ts";
import { isMap } from "../../components/helm/mergeValues.ts";
import { hoursOf, spanText } from "../../components/loki/durations.ts";
import { type EffectiveConfig, effectiveConfig, retentionOf } from "../../components/loki/effectiveConfig.ts";
import { type LokiPeriod, schemaHistoryProblems } from "../../components/loki/schema.ts";
import type { RatedFinding } from "./levels.ts";
import { retentionMeanings } from "./retentionMeanings.ts";

/**
 * What a change of Loki's effective config means for stored lines: of its config and of its runtime config, wherever a value is written.
 *
 * @param before All objects of the release, and so for `after`.
 */
export function lokiMeanings(
  before: readonly Manifest[],
  after: readonly Manifest[],
  today = new Date(),
): RatedFinding[] {
  const [old, now] = [effectiveConfig(before), effectiveConfig(after)];
  if (!old || !now) return [];
  return [
    ...schemaMeanings(old.config, now.config, today),
    ...retentionMeanings(old, now),
    ...placeMeanings(old.config, now.config),
    ...readingMeanings(old, now),
    ...limitMeanings(old.limits, now.limits),
    ...reloadedMeaning(old, now),
  ];
}

function schemaMeanings(before: Fields, after: Fields, today: Date): RatedFinding[] {
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

function placeMeanings(before: Fields, after: Fields): RatedFinding[] {
  const [old, now] = [before, after].map(({ common }) => common?.storage?.s3 ?? {});
  const meanings: RatedFinding[] = [];
  if (!isDeepStrictEqual(storesOf(before), storesOf(after)))
    meanings.push({
      level: "destructive",
      subject: "Loki's store",
      text: `${storesOf(before).join(", ")} → ${storesOf(after).join(", ")}: lines in the old store are no longer found`,
      fix: "keep the store, and its prefix",
    });
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
  const walOf = ({ common, ingester }: Fields): unknown => [
    ingester?.wal?.dir ?? `${common?.path_prefix}/wal`,
    ingester?.wal?.enabled ?? true,
  ];
  if (!isDeepStrictEqual(walOf(before), walOf(after)))
    meanings.push({
      level: "destructive",
      subject: "the write-ahead log",
      text: "is another one, or off: lines that a killed writer has not stored yet are lost",
      fix: "leave ingester.wal and common.path_prefix as they are",
    });
  return meanings;
}

/** Where Loki keeps chunks and index: the kinds of stores that its config names, and the prefix in them. */
function storesOf({ common, storage_config = {} }: Fields): string[] {
  const kinds = (section: unknown): string[] =>
    Object.entries(isMap(section) ? section : {}).flatMap(([key, value]) =>
      isMap(value) && !["hedging", "congestion_control"].includes(key) ? [key] : [],
    );
  const named = ["aws", "azure", "gcs", "swift", "cos", "bos", "alibabacloud", "filesystem", "named_stores"];
  const stores = [
    ...kinds(common?.storage),
    ...kinds(storage_config).filter((kind) => named.includes(kind)),
    ...(storage_config?.use_thanos_objstore ? ["object_store"] : []),
    ...(storage_config?.object_prefix ? [`prefix ${storage_config.object_prefix}`] : []),
  ];
  // The same store under its older name.
  return [...new Set(stores.map((store) => (store === "aws" ? "s3" : store)))].sort();
}

/** Lines that are kept, and that queries no longer find. */
function readingMeanings(before: EffectiveConfig, after: EffectiveConfig): RatedFinding[] {
  const meanings: RatedFinding[] = [];
  const [lookBefore, lookAfter] = [before, after].map(
    ({ limits }) => hoursOf(limits.max_query_lookback) || Infinity,
  ) as [number, number];
  const [keptBefore, keptAfter] = [before, after].map((one) => {
    const { hours, streams } = retentionOf(one);
    return Math.max(hours, ...streams.map((stream) => stream.hours ?? 0));
  }) as [number, number];
  // A limit that only follows the retention is covered by the retention's own meaning.
  if (lookAfter < lookBefore && !(lookAfter === keptAfter && lookBefore === keptBefore))
    meanings.push({
      level: "destructive",
      subject: "max_query_lookback",
      text: `${spanText(lookBefore)} → ${spanText(lookAfter)}: older lines are kept, but cannot be read`,
    });
  const [old, now] = [before, after].map(({ config }) => config.querier ?? {});
  for (const [only, lines] of [
    ["query_store_only", "that the writers have not stored yet"],
    ["query_ingester_only", "in the bucket"],
  ] as const)
    if (!old[only] && now[only])
      meanings.push({ level: "destructive", subject: only, text: `lines ${lines} cannot be read` });
  const [withinBefore, withinAfter] = [old, now].map(
    (querier) => hoursOf(querier.query_ingesters_within ?? "3h") || Infinity,
  ) as [number, number];
  if (withinAfter < withinBefore)
    meanings.push({
      level: "disruptive",
      subject: "query_ingesters_within",
      text: `${spanText(withinBefore)} → ${spanText(withinAfter)}: while MinIO is down, older lines that the writers keep cannot be read`,
    });
  return meanings;
}

function limitMeanings(old: Fields, now: Fields): RatedFinding[] {
  const meanings: RatedFinding[] = [];
  const [ageBefore, ageAfter] = [old, now].map((limits) => hoursOf(limits.reject_old_samples_max_age ?? "1w") ?? 0) as [
    number,
    number,
  ];
  if (ageAfter < ageBefore)
    meanings.push({
      level: "disruptive",
      subject: "reject_old_samples_max_age",
      text: `${spanText(ageBefore)} → ${spanText(ageAfter)}: after an outage, older lines are refused, and lost`,
    });
  if (!canDelete(old) && canDelete(now))
    meanings.push({
      level: "destructive",
      subject: "deletion_mode",
      text: `${old.deletion_mode} → ${now.deletion_mode}: everyone with the gateway's password can delete lines`,
    });
  for (const limit of ["block_ingestion_until", "block_ingestion_policy_until"])
    if (!isDeepStrictEqual(old[limit], now[limit]) && now[limit])
      meanings.push({ level: "disruptive", subject: limit, text: "Loki refuses lines, and Alloy drops them" });
  for (const limit of ["ingestion_rate_mb", "ingestion_burst_size_mb", "max_global_streams_per_user"]) {
    const [a, b] = [Number(old[limit]), Number(now[limit])];
    if (b < a)
      meanings.push({
        level: "disruptive",
        subject: limit,
        text: `${a} → ${b}: above it Loki answers 429, and Alloy waits: lines come late`,
      });
  }
  return meanings;
}

/** Limits in the runtime config that are others now. Loki reads that file every ten seconds, and the kubelet writes it within two minutes. */
function reloadedMeaning(before: EffectiveConfig, after: EffectiveConfig): RatedFinding[] {
  const removed = before.reloaded.filter((limit) => !(limit in after.limits));
  const values = [
    ...after.reloaded
      .filter((limit) => !isDeepStrictEqual(before.limits[limit], after.limits[limit]))
      .map((limit) => `${limit} (${limitText(before.limits[limit])} → ${limitText(after.limits[limit])})`),
    ...removed.map((limit) => `${limit} (removed)`),
  ];
  if (values.length === 0) return [];
  return [
    {
      level: "safe",
      subject: "Loki's limits",
      text: `reloaded without a restart, within about two minutes of the deploy: ${values.join(", ")}`,
    },
  ];
}

const limitText = (value: unknown): string =>
  value === undefined ? "unset" : typeof value === "object" ? JSON.stringify(value) : String(value);

/** Loki's own default is `filter-and-delete`. */
const canDelete = ({ deletion_mode, allow_deletes }: Fields): boolean =>
  deletion_mode !== "disabled" || allow_deletes === true;
