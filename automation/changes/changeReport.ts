import { GIVEN_UP_MARK } from "../../components/helm/promises/args.ts";
import { NOBODY_IS_ALERTED } from "../../components/monitoring/args.ts";
import type { RenderedRelease, RenderedStack } from "../plan/renderStack.ts";
import type { ComparedStack } from "./comparedStack.ts";
import { costChanges, type Sizing, sizing } from "./costs.ts";
import { byLevel, heaviest, type Level, type RatedFinding } from "./levels.ts";
import { lokiMeanings } from "./lokiMeanings.ts";
import { type ReleaseChange, releaseChanges } from "./objectChanges.ts";
import { objectMeanings } from "./objectMeanings.ts";
import { pipelineMeanings } from "./pipelineMeanings.ts";
import { byWeight, type ResourceChange, resourceChanges } from "./resourceChanges.ts";
import { resourceMeanings } from "./resourceMeanings.ts";

/** Everything that a change does to one stack. */
export interface ChangeReport {
  readonly stack: string;
  /** The other side of the comparison: a git ref, or the deployed state. */
  readonly base: string;
  /** The level of the heaviest meaning. */
  readonly verdict: Level;
  /** False when both sides are the same. Everything below is then empty. */
  readonly changed: boolean;
  /** Heaviest first. */
  readonly meanings: readonly RatedFinding[];
  /** Deletions and replacements first. */
  readonly resources: readonly ResourceChange[];
  readonly releases: readonly ReleaseChange[];
  readonly capacity: { readonly before: Sizing; readonly after: Sizing };
  /** Changes of nodes and disks, which are paid for. */
  readonly costs: readonly string[];
  readonly warnings: readonly string[];
}

/** The input of a report. */
export interface Comparison {
  readonly stack: string;
  readonly base: string;
  readonly resources: readonly ResourceChange[];
  readonly before: ComparedStack;
  readonly after: ComparedStack;
  readonly warnings?: readonly string[];
  /** Findings from elsewhere than the comparison: what the cluster would do with the result. */
  readonly found?: readonly RatedFinding[];
  readonly today?: Date;
}

/** The report of a stack before and after a change. Pure. */
export function changeReport(comparison: Comparison): ChangeReport {
  const { stack, base, resources, before, after, warnings = [], found = [], today = new Date() } = comparison;
  const releases = releaseChanges(before.releases, after.releases);
  const meanings = [
    ...found,
    ...resourceMeanings(resources),
    ...releases
      .filter(({ name }) => both(name, before.releases, after.releases))
      .flatMap((release) => [
        ...lokiMeanings(objectsOf(release.name, before), objectsOf(release.name, after), today),
        ...pipelineMeanings(objectsOf(release.name, before), objectsOf(release.name, after)),
        ...objectMeanings(release),
      ]),
  ].sort(byLevel);
  const capacity = {
    before: sizing(before),
    after: sizing(after),
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

const objectsOf = (name: string, { releases }: ComparedStack) =>
  releases.find((release) => release.name === name)?.objects ?? [];

/** A release that is added or removed has one meaning as a whole, and none for each of its objects. */
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
    // Warnings of the base are not news, but every report repeats which promises are given up, and that nobody would be alerted.
    warnings: after.warnings.filter(
      (warning) =>
        !before.warnings.includes(warning) || warning.startsWith(GIVEN_UP_MARK) || warning === NOBODY_IS_ALERTED,
    ),
    ...(today && { today }),
  });

/** The report as JSON: with the changed fields of resources and objects, without the whole objects. */
export function reportJson(report: ChangeReport): string {
  const fieldsOnly = <T extends object>(change: T) => ({ ...change, before: undefined, after: undefined });
  const shown = {
    ...report,
    resources: report.resources.map(fieldsOnly),
    releases: report.releases.map((release) => ({ ...release, objects: release.objects.map(fieldsOnly) })),
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}
