import { stringify } from "yaml";
import { textFile } from "../textFile.ts";
import type { Alloy } from "./args.ts";
import { dropRules } from "./drop.ts";
import { maskRules } from "./mask.ts";
import { ruleComment } from "./rule.ts";

/** The pipeline without rules: a config of the OpenTelemetry Collector, which Alloy's OTel engine runs. */
export const ALLOY_PIPELINE = new URL("pod-logs.yaml", import.meta.url);

/** The pipeline with the rules of the arguments. Without a rule it is pod-logs.yaml, to the byte. */
export function podLogsPipeline({ drop, mask }: Pick<Alloy, "drop" | "mask">): string {
  const rules = [...dropRules(drop), ...maskRules(mask)];
  const base = textFile(ALLOY_PIPELINE);
  if (rules.length === 0) return base;
  const processors = rules.map(
    (rule) => `  ${ruleComment(rule)}\n${indented(stringify(rule.processors, { lineWidth: 0 }))}`,
  );
  const names = rules.flatMap((rule) => Object.keys(rule.processors));
  return replaced(base, "\nexporters:\n", `${processors.join("")}\nexporters:\n`).replaceAll(
    "processors: [transform]",
    `processors: [${["transform", ...names].join(", ")}]`,
  );
}

const indented = (yaml: string): string => yaml.replace(/^(?=.)/gm, "  ");

function replaced(text: string, part: string, by: string): string {
  const [before = "", after, ...more] = text.split(part);
  if (after === undefined || more.length > 0) throw new Error(`pod-logs.yaml should have ${part} once`);
  return before + by + after;
}
