// The pipelines' files as GitHub and Azure read them.
import { globSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { expandTemplate } from "../../harness/azureTemplate.ts";
import type { Loose } from "../../harness/manifest.ts";

export const WORKFLOWS = globSync(".github/workflows/*.yml").sort();
export const AZURE = "azure-pipelines.yml";

/** A workflow by its file name without `.yml`. */
export const workflow = (name: string): Loose => parse(readFileSync(`.github/workflows/${name}.yml`, "utf8"));

/** Azure's pipeline with the parameters' defaults, or with other values. */
export const azure = (parameters: Loose = {}): Loose => expandTemplate(readFileSync(AZURE, "utf8"), parameters);

/** A stage of Azure's pipeline by its name. */
export const azureStage = (name: string, parameters: Loose = {}): Loose =>
  azure(parameters).stages.find(({ stage }: Loose) => stage === name);

/** A job of Azure's stage `check` or `tiers`, by its name. */
export const azureJob = (name: string, parameters: Loose = {}): Loose =>
  ["check", "tiers"].flatMap((stage) => azureStage(stage, parameters).jobs).find(({ job }) => job === name);

/** All deployments of Azure's pipeline, wave by wave. */
export const azureDeployments = (parameters: Loose = {}): Loose[] =>
  azure(parameters).stages.flatMap(({ jobs }: Loose) => jobs.filter((job: Loose) => job.deployment));

/** The shell of a step; `undefined` for a step that uses an action. */
export const shellOf = (step: Loose): string | undefined => step.run ?? step.bash ?? step.inputs?.inlineScript;

/** The step with this name, display name or id. */
export function stepNamed(steps: readonly Loose[], name: string): Loose {
  const step = steps.find((s) => [s.name, s.displayName, s.id].includes(name));
  if (!step) throw new Error(`no step ${name}`);
  return step;
}
