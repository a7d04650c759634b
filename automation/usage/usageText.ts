import { LOADS, PEAK } from "../../components/profile/profiles.ts";
import { textTable } from "../../components/textTable.ts";
import type { ContainerUsage, Usage } from "./usage.ts";

/** Containers in the table. The rest is one line. */
const LOUDEST = 20;
/** Containers in the list of growing ones. */
const FASTEST = 5;
/** A growth below this part of everything is noise. */
const NOTABLE = 0.01;
/** Part of the ingestion limit above which a busier hour may pass it: an hour's mean hides its bursts. */
const NEAR_LIMIT = 0.5;

const COPIES =
  "These are Loki's own estimates. A line counts once for each writer that could not share its chunk with another: up to three times.";

/** The usage as people read it. */
export const usageText = (usage: Usage): string =>
  [
    `${usage.cluster}, ${minute(usage.from)} to ${minute(usage.to)} UTC: ${usage.days === 1 ? "1 day" : `${usage.days} days`}`,
    totals(usage),
    "",
    ...loudest(usage),
    ...growing(usage),
    "",
    limitText(usage),
    profileText(usage),
    COPIES,
  ].join("\n");

function totals({ gibPerDay, storedGib, containers, cost }: Usage): string {
  const stored = `${figure(storedGib)} GiB in MinIO once the retention is full`;
  return [
    `${figure(gibPerDay)} GiB a day from ${containers.length} ${containers.length === 1 ? "container" : "containers"}`,
    cost === undefined ? stored : `${stored}, ${figure(cost)} a month`,
  ].join(", ");
}

function loudest({ containers, cost: priced }: Usage): string[] {
  const rows = containers
    .slice(0, LOUDEST)
    .map((one) => [
      ...[figure(one.gibPerDay), `${(one.share * 100).toFixed(1)} %`, `${one.hoursKept / 24} d`, figure(one.storedGib)],
      ...(priced === undefined ? [] : [figure(one.cost ?? 0)]),
      ...[one.namespace, one.container],
    ]);
  const figures = ["GiB/day", "share", "kept", "stored GiB", ...(priced === undefined ? [] : ["a month"])];
  const rest = containers.slice(LOUDEST);
  const more = rest.reduce((sum, { gibPerDay }) => sum + gibPerDay, 0);
  return [
    ...textTable([[...figures, "namespace", "container"], ...rows], (column) => column < figures.length),
    ...(rest.length > 0 ? [`and ${rest.length} more with ${figure(more)} GiB a day`] : []),
  ];
}

function growing({ containers, gibPerDay }: Usage): string[] {
  const grown = containers
    .filter(({ growthGibPerDay = 0 }) => growthGibPerDay > gibPerDay * NOTABLE)
    .sort((a, b) => growthOf(b) - growthOf(a))
    .slice(0, FASTEST)
    .map((one) => `  ${one.namespace}/${one.container}: ${figure(growthOf(one))} GiB a day more`);
  return grown.length > 0 ? ["", "growing fastest, second half of the days compared with the first:", ...grown] : [];
}

const growthOf = ({ growthGibPerDay = 0 }: ContainerUsage): number => growthGibPerDay;

function limitText({ busiestMbPerSecond, ingestionRateMb }: Usage): string {
  const share = busiestMbPerSecond / ingestionRateMb;
  const text = `busiest hour, as ${PEAK} times the mean: ${figure(busiestMbPerSecond)} MB/s, ${percent(share)} of loki.limits.ingestionRateMb, ${ingestionRateMb}`;
  return share < NEAR_LIMIT ? text : `${text}. Above the limit lines come late: raise it, or let the loudest log less`;
}

function profileText({ gbPerDay, profile, fittingProfile }: Usage): string {
  const load = `${figure(gbPerDay)} GB a day`;
  const sized = `sizing({ gbPerDay: ${Math.ceil(gbPerDay)}, nodes }) in components/profile/profiles.ts`;
  if (!profile)
    return fittingProfile
      ? `sizing: ${load}; no profile is set, ${fittingProfile} is for up to ${LOADS[fittingProfile].gbPerDay}`
      : `sizing: ${load}; no profile is set, and it is more than the largest has room for: ${sized}`;
  const own = `sizing: ${load}; the profile ${profile} is for up to ${LOADS[profile].gbPerDay}`;
  if (profile === fittingProfile) return own;
  return fittingProfile
    ? `${own}: ${fittingProfile} fits instead, for up to ${LOADS[fittingProfile].gbPerDay}`
    : `${own}, and no profile has room for it: ${sized}`;
}

const minute = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Three digits that count. */
const figure = (n: number): string =>
  n >= 100
    ? Math.round(n).toLocaleString("en-US")
    : n >= 10
      ? n.toFixed(1)
      : n >= 0.01 || n === 0
        ? n.toFixed(2)
        : "<0.01";
