import { COMPONENT_TYPE } from "../../components/componentType.ts";
import { isMap, type Values } from "../../components/helm/mergeValues.ts";
import type { PlannedResource } from "../plan/offlinePlan.ts";
import type { StackFile } from "../plan/stackFiles.ts";

/** The releases that have an escape hatch, each in the group of arguments of the same name. */
const HATCHED = ["loki", "alloy"] as const;

/** What the component was given. */
export const componentInputs = (resources: readonly PlannedResource[]): Values =>
  resources.find(({ type }) => type === COMPONENT_TYPE)?.inputs ?? {};

/** The values of each escape hatch by release, without empty ones. */
export function hatchesOf(resources: readonly PlannedResource[]): Record<string, Values> {
  const inputs = componentInputs(resources);
  const hatches = HATCHED.flatMap((release) => {
    const group = inputs[release];
    const values = isMap(group) ? group.values : undefined;
    return isMap(values) && Object.keys(values).length > 0 ? [[release, values] as const] : [];
  });
  return Object.fromEntries(hatches);
}

/** A stack's config without its escape hatches. */
export function withoutHatches(file: StackFile): StackFile {
  const config = Object.entries(file.config).map(([key, text]) => {
    if (!HATCHED.some((group) => key === `logging:${group}`)) return [key, text];
    const { values: _, ...group } = JSON.parse(text) as Values;
    return [key, JSON.stringify(group)];
  });
  return { ...file, config: Object.fromEntries(config) };
}
