import type { PlannedResource } from "../plan/offlinePlan.ts";
import type { RenderedRelease, RenderedStack } from "../plan/renderStack.ts";
import { costChanges, type Sizing, sizing } from "./costs.ts";
import { byLevel, heaviest, type Level, type RatedFinding } from "./levels.ts";
import { lokiMeanings } from "./lokiMeanings.ts";
import { type ReleaseChange, releaseChanges } from "./objectChanges.ts";
import { objectMeanings } from "./objectMeanings.ts";
import { byWeight, type ResourceChange, resourceChanges } from "./resourceChanges.ts";
import { resourceMeanings } from "./resourceMeanings.ts";

/** Everything that a change does to one stack. */
export interface ChangeReport {
  readonly stack: string;
  /** What it is compared with: a git ref, or the deployed state. */
  readonly base: string;
  readonly verdict: Level;
  /** False: both sides are the same, and everything below is empty. */
  readonly changed: boolean;
  /** Heaviest first. */
  readonly meanings: readonly RatedFinding[];
  /** Deletions and replacements first. */
  readonly resources: readonly ResourceChange[];
  readonly releases: readonly ReleaseChange[];
  readonly capacity: { readonly before: Sizing; readonly after: Sizing };
  /** What costs more or less. */
  readonly costs: readonly string[];
  readonly warnings: readonly string[];
}

/** A stack on one side of a comparison. */
export interface ComparedStack extends Pick<RenderedStack, "releases" | "pool"> {
  readonly resources: ReadonlyArray<Pick<PlannedResource, "type" | "inputs">>;
}

/** What a report is made of. */
export interface Comparison {
  readonly stack: string;
  readonly base: string;
  readonly resources: readonly ResourceChange[];
  readonly before: ComparedStack;
  readonly after: ComparedStack;
  readonly warnings?: readonly string[];
  readonly today?: Date;
}

/** The report of two renderings of a stack and what happens to its resources in between. Pure. */
export function changeReport(comparison: Comparison): ChangeReport {
  const { stack, base, resources, before, after, warnings = [], today = new Date() } = comparison;
  const releases = releaseChanges(before.releases, after.releases);
  const meanings = [
    ...resourceMeanings(resources),
    ...releases
      .filter(({ name }) => both(name, before.releases, after.releases))
      .flatMap((release) => [...lokiMeanings(release, today), ...objectMeanings(release)]),
  ].sort(byLevel);
  const capacity = {
    before: sizing(before.releases, before.resources, before.pool),
    after: sizing(after.releases, after.resources, after.pool),
  };
  return {
    stack,
    base,
    verdict: heaviest(meanings.map(({ level }) => level)),
    changed: resources.length > 0 || releases.length > 0,
    meanings,
    resources: [...resources].sort(byWeight),
    releases,
    capacity,
    costs: costChanges(capacity.before, capacity.after),
    warnings,
  };
}

/** What a release that comes or goes means is said once, of the release. */
const both = (name: string, ...sides: ReadonlyArray<readonly RenderedRelease[]>): boolean =>
  sides.every((releases) => releases.some((release) => release.name === name));

/** The report of two renderings of a stack, offline. */
export const compareRenderedStacks = (
  stack: string,
  base: string,
  before: RenderedStack,
  after: RenderedStack,
  today?: Date,
): ChangeReport =>
  changeReport({
    stack,
    base,
    resources: resourceChanges(before.resources, after.resources),
    before,
    after,
    // Those that were there before are nobody's news.
    warnings: after.warnings.filter((warning) => !before.warnings.includes(warning)),
    ...(today && { today }),
  });

/** The report for machines: without the objects themselves, of which the fields are told. */
export function reportJson(report: ChangeReport): string {
  const fieldsOnly = <T extends object>(change: T) => ({ ...change, before: undefined, after: undefined });
  const shown = {
    ...report,
    resources: report.resources.map(fieldsOnly),
    releases: report.releases.map((release) => ({ ...release, objects: release.objects.map(fieldsOnly) })),
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}
