import { stringify } from "yaml";
import { textFile } from "../textFile.ts";
import type { Alloy } from "./args.ts";
import { dropRules } from "./drop.ts";
import { maskRules } from "./mask.ts";
import { type MultilineReceivers, multilineRules } from "./multiline.ts";
import { type Rule, ruleComment } from "./rule.ts";

/** The pipeline without rules: a config of the OpenTelemetry Collector, which Alloy's OTel engine runs. */
export const ALLOY_PIPELINE = new URL("pod-logs.yaml", import.meta.url);

/** The pipeline has a receiver, an exporter and a queue for each first digit of a pod's UID. Here is the glob of each. */
const GROUP_GLOBS: ReadonlyMap<string, string> = new Map(
  [..."0123456789abcdef"].map((digit) => [digit, digit === "f" ? "[!0-9a-e]*" : `${digit}*`]),
);

/** How many groups of pods the pipeline has. */
export const GROUPS = GROUP_GLOBS.size;

/** The pipeline with the rules of the arguments. Without a rule it is pod-logs.yaml, to the byte. */
export function podLogsPipeline({
  exclude,
  multiline,
  drop,
  mask,
}: Pick<Alloy, "exclude" | "multiline" | "drop" | "mask">): string {
  const processing = [...dropRules(drop), ...maskRules(mask)];
  const receiving = multilineRules(multiline, exclude, GROUP_GLOBS);
  let text = withProcessors(textFile(ALLOY_PIPELINE), processing);
  if (receiving.length > 0) text = withReceivers(text, receiving);
  return text;
}

/** A pipeline with the processors of rules after its own. */
export function withProcessors(base: string, rules: readonly Rule[]): string {
  if (rules.length === 0) return base;
  const added = rules.map((rule) => `  ${ruleComment(rule)}\n${indented(yaml(rule.processors))}`).join("");
  const names = rules.flatMap((rule) => Object.keys(rule.processors));
  return inserted(base, added, "\nexporters:\n").replaceAll(
    "processors: [transform]",
    `processors: [${["transform", ...names].join(", ")}]`,
  );
}

function withReceivers(base: string, rules: readonly MultilineReceivers[]): string {
  const added = rules.map((rule, i) => `  ${ruleComment(rule)}\n${receiversOf(rule, `multiline-${i + 1}`)}`).join("");
  const text = inserted(base, added, "\nprocessors:\n");
  return text.replace(/^( +logs\/(\w): \{receivers: \[[^\]]*)/gm, (line, _, group: string) =>
    [line, ...rules.map(({ receivers }) => receivers.get(group)?.name ?? "")].join(", "),
  );
}

/** The first receiver in full, on the pipeline's own. The others differ in their files. */
const receiversOf = ({ receivers }: MultilineReceivers, anchor: string): string =>
  [...receivers.values()]
    .map(({ name, config }, i) =>
      i === 0
        ? `  ${name}: &${anchor}\n    <<: *pods\n${indented(indented(yaml(config)))}`
        : `  ${name}: {<<: *${anchor}, include: ${JSON.stringify((config as { include: string[] }).include)}}\n`,
    )
    .join("");

const yaml = (value: object): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");

/** Inserts text before a part of the pipeline that it has once. */
function inserted(text: string, added: string, part: string): string {
  const [before = "", after, ...more] = text.split(part);
  if (after === undefined || more.length > 0) throw new Error(`the pipeline should have ${part} once`);
  return before + added.replace(/\n?$/, "\n") + part + after;
}
