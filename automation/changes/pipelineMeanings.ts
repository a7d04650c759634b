import { exclusionsIn } from "../../components/alloy/exclusions.ts";
import { unitsIn } from "../../components/alloy/journal/container.ts";
import { rulesIn } from "../../components/alloy/rule.ts";
import type { Fields, Manifest } from "../../components/helm/manifest.ts";
import { ALLOY_RELEASE } from "../../components/releaseNames.ts";
import type { RatedFinding } from "./levels.ts";

/**
 * What a changed pipeline means for lines: those that are no longer collected, or in another form. Nothing brings back what was not sent.
 *
 * @param before All objects of Alloy's release, and so for `after`.
 */
export function pipelineMeanings(before: readonly Manifest[], after: readonly Manifest[]): RatedFinding[] {
  const rules = differences(rulesOf(before), rulesOf(after));
  const excluded = differences(excludedOf(before), excludedOf(after));
  const units = differences(unitsOf(before), unitsOf(after));
  const found = (level: RatedFinding["level"], subject: string, text: string): RatedFinding => ({
    level,
    subject,
    text,
  });
  return [
    ...excluded.more.map((pattern) => found("disruptive", `pods of ${pattern}`, "their lines are no longer collected")),
    ...excluded.fewer.map((pattern) =>
      found("safe", `pods of ${pattern}`, "their lines are collected, with all that the nodes' files still hold"),
    ),
    ...units.more.map((unit) => found("safe", `the journal of ${unit}`, "is collected, with its last week")),
    ...units.fewer.map((unit) => found("disruptive", `the journal of ${unit}`, "is no longer collected")),
    ...rules.more.map((words) => found("disruptive", "Alloy's rules", `from now on: ${words}`)),
    ...rules.fewer.map((words) => found("disruptive", "Alloy's rules", `no longer: ${words}`)),
  ];
}

const differences = (before: readonly string[], after: readonly string[]): { more: string[]; fewer: string[] } => ({
  more: after.filter((one) => !before.includes(one)),
  fewer: before.filter((one) => !after.includes(one)),
});

const rulesOf = (objects: readonly Manifest[]): string[] =>
  objects
    .filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === ALLOY_RELEASE)
    .flatMap(({ data }) => Object.values((data ?? {}) as Record<string, string>).flatMap(rulesIn));

function excludedOf(objects: readonly Manifest[]): string[] {
  const globs = variableOf(objects, "LOGGING_EXCLUDE");
  return globs === undefined ? [] : exclusionsIn(globs);
}

function unitsOf(objects: readonly Manifest[]): string[] {
  const pattern = variableOf(objects, "LOGGING_JOURNAL_UNITS");
  return pattern === undefined ? [] : unitsIn(pattern);
}

/** The value of an environment variable of any of Alloy's containers. */
function variableOf(objects: readonly Manifest[], wanted: string): string | undefined {
  const agent: Fields = objects.find(({ kind, metadata }) => kind === "DaemonSet" && metadata.name === ALLOY_RELEASE);
  const containers: Fields[] = agent?.spec?.template?.spec?.containers ?? [];
  const variables: Fields[] = containers.flatMap(({ env }) => env ?? []);
  const value = variables.find(({ name }) => name === wanted)?.value;
  return typeof value === "string" ? value : undefined;
}
