import type { ResolvedArgs } from "../../components/args.ts";
import { hoursKept } from "../../components/loki/retention.ts";
import type { ProfileName } from "../../components/profile/args.ts";
import { LOADS, MEASURED, peakRate } from "../../components/profile/profiles.ts";
import type { Reader } from "../cluster/gateway.ts";
import { type Day, volumesOf, wholeDays } from "./volumes.ts";

const GIB = 2 ** 30;
const GB = 1e9;

/** Part of the fullest day that may be rounded into another. */
const ROUNDED = 0.01;

/** Days that the compactor needs on top of the retention until MinIO has the space back. */
const DAYS_UNTIL_DELETED = 2;

/** What one container logs. */
export interface ContainerUsage {
  readonly namespace: string;
  readonly container: string;
  readonly gibPerDay: number;
  /** Part of everything, 0 to 1. */
  readonly share: number;
  readonly hoursKept: number;
  /** GiB in MinIO, once the retention is full. */
  readonly storedGib: number;
  /** Cost of these for a month. Left out without a price. */
  readonly cost?: number;
  /** GiB per day more in the second half of the days than in the first. Left out with less than two days. */
  readonly growthGibPerDay?: number;
}

/** What a cluster logs, and what it takes. */
export interface Usage {
  readonly cluster: string;
  readonly from: Date;
  readonly to: Date;
  /** Days with lines. Averages are over these. */
  readonly days: number;
  readonly gibPerDay: number;
  readonly storedGib: number;
  readonly cost?: number;
  /** MB per second in the busiest hour, by the ratio to the mean that sizes the profiles. */
  readonly busiestMbPerSecond: number;
  readonly ingestionRateMb: number;
  /** GB per day, as profiles count. */
  readonly gbPerDay: number;
  readonly profile?: ProfileName;
  /** The smallest profile for this much. Left out if there is none. */
  readonly fittingProfile?: ProfileName;
  /** Most first. */
  readonly containers: readonly ContainerUsage[];
}

/** Options of {@link measureUsage}. */
export interface UsageOptions {
  /** How many days. @default 7 */
  readonly days?: number;
  /** Price of one GB in the bucket for a month. */
  readonly pricePerGb?: number;
  readonly now?: Date;
}

/**
 * Measures what each container of a cluster logs, from Loki's index.
 *
 * @throws when Loki does not answer, or has no line of these days.
 */
export async function measureUsage(args: ResolvedArgs, loki: Reader, options: UsageOptions = {}): Promise<Usage> {
  const { days = 7, pricePerGb, now = new Date() } = options;
  const cluster = args.cluster.name;
  const asked: Day[] = [];
  // One day after the other: each request stays small, and readers have time for others.
  for (const day of wholeDays(days, now))
    asked.push({ ...day, volumes: await volumesOf(loki, cluster, day, args.loki.queries.maxSeries) });
  // Loki rounds: a day beside one with lines may get a few of its bytes.
  const most = Math.max(...asked.map(({ volumes }) => bytesOf(volumes)));
  const first = asked.findIndex(({ volumes }) => bytesOf(volumes) > most * ROUNDED);
  if (first < 0) {
    const { to } = asked.at(-1) as Day;
    throw new Error(
      `Loki has no lines of ${cluster} in the ${days} days until ${to.toISOString()}. Later ones are not counted yet`,
    );
  }
  return usageOf(args, asked.slice(first), pricePerGb);
}

function usageOf(args: ResolvedArgs, days: readonly Day[], pricePerGb: number | undefined): Usage {
  const names = new Map(days.flatMap(({ volumes }) => volumes.map((v) => [key(v), v] as const)));
  const perDay = days.reduce((sum, { volumes }) => sum + bytesOf(volumes), 0) / days.length;
  const containers = [...names.values()].map(({ namespace, container }): ContainerUsage => {
    const bytes = days.map(({ volumes }) =>
      bytesOf(volumes.filter((v) => v.namespace === namespace && v.container === container)),
    );
    const hours = hoursKept(args.loki, namespace, container);
    const stored = mean(bytes) * MEASURED.stored * (hours / 24 + DAYS_UNTIL_DELETED);
    const half = Math.floor(bytes.length / 2);
    return {
      namespace,
      container,
      gibPerDay: mean(bytes) / GIB,
      share: perDay > 0 ? mean(bytes) / perDay : 0,
      hoursKept: hours,
      storedGib: stored / GIB,
      ...(pricePerGb !== undefined && { cost: (stored / GB) * pricePerGb }),
      ...(half > 0 && { growthGibPerDay: (mean(bytes.slice(-half)) - mean(bytes.slice(0, half))) / GIB }),
    };
  });
  const sum = (of: (one: ContainerUsage) => number): number => containers.reduce((total, one) => total + of(one), 0);
  const gbPerDay = perDay / GB;
  const fitting = fittingProfile(gbPerDay);
  return {
    cluster: args.cluster.name,
    from: (days[0] as Day).from,
    to: (days.at(-1) as Day).to,
    days: days.length,
    gibPerDay: perDay / GIB,
    storedGib: sum(({ storedGib }) => storedGib),
    ...(pricePerGb !== undefined && { cost: sum(({ cost = 0 }) => cost) }),
    busiestMbPerSecond: peakRate(gbPerDay),
    ingestionRateMb: args.loki.limits.ingestionRateMb,
    gbPerDay,
    ...(args.profile && { profile: args.profile }),
    ...(fitting && { fittingProfile: fitting }),
    containers: containers.sort((a, b) => b.gibPerDay - a.gibPerDay),
  };
}

/** The smallest profile whose load is at least this much. */
const fittingProfile = (gbPerDay: number): ProfileName | undefined =>
  (Object.keys(LOADS) as ProfileName[])
    .sort((a, b) => LOADS[a].gbPerDay - LOADS[b].gbPerDay)
    .find((name) => LOADS[name].gbPerDay >= gbPerDay);

const key = ({ namespace, container }: { namespace: string; container: string }): string => `${namespace}/${container}`;
const bytesOf = (volumes: Day["volumes"]): number => volumes.reduce((sum, { bytes }) => sum + bytes, 0);
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
