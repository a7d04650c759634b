import { createHash } from "node:crypto";
import { z } from "zod";
import { explained } from "../argumentTypes.ts";
import { containerName } from "../kubernetesNames.ts";
import { re2Pattern } from "../regularExpressions.ts";
import { excludeGlobs } from "./exclusions.ts";
import { namespacePatterns } from "./namespacePatterns.ts";
import { containerdLine, RECORD_STARTS } from "./recordStarts.ts";
import type { Rule } from "./rule.ts";

/** Whether a pattern has `^` or `$` somewhere else than at its beginning and end, where a line's prefix and the next line would be. */
const hasInnerAnchor = (pattern: string): boolean =>
  /[\^$]|\\[AzZ]/.test(
    pattern
      .replace(/\[\^?\]?(?:\\.|[^\]\\])*\]/g, "x")
      .replace(/\\[^Az]/g, "x")
      .replace(/^\^/, ""),
  );

/** Lines that become one entry. */
export const multilineRule = z
  .strictObject({
    /** Namespaces, or patterns for them: `team-a`, `load-*`. */
    namespaces: namespacePatterns,
    /**
     * Only these containers of their pods.
     * @default - every container
     */
    containers: z.array(containerName).min(1).optional(),
    /**
     * Stack traces of this language become one entry with the line before them (`docs/collecting.md`).
     * @default - what `firstLine` describes
     */
    kind: z.enum(["java", "python", "go", "dotnet", "node"]).optional(),
    /**
     * A regular expression of RE2 that the first line of each entry matches from its beginning: `\[?\d{4}-`. Every other line continues
     * an entry. https://github.com/google/re2/wiki/Syntax
     * @default - what `kind` describes
     */
    firstLine: re2Pattern
      .refine(
        (pattern) => !hasInnerAnchor(pattern),
        explained({
          text: "an expression without ^ and $: it is looked for at the beginning of a line, and a ^ there is allowed",
          fix: "write what the line begins with",
        }),
      )
      .optional(),
  })
  .refine(
    ({ kind, firstLine }) => (kind === undefined) !== (firstLine === undefined),
    explained({ text: "either kind or firstLine", fix: "write one rule for each" }),
  );

type MultilineRule = z.output<typeof multilineRule>;

/** The last line of a container is sent if nothing follows it until the next look, as in the pipeline. */
const WAIT = "500ms";

/** As in pod-logs.yaml: a line, and what a container's other stream wrote inside it. */
const TIME = { parse_from: "attributes.time", layout_type: "gotime", layout: "2006-01-02T15:04:05.999999999Z07:00" };
const PARSE = { regex: "(?m)^(?P<time>[^ \\n]+) (?P<stream>stdout|stderr) (?P<tag>[^ \\n]*)", timestamp: TIME };
const remove = (stream: string, other: string) => ({
  type: "regex_replace",
  if: `attributes.stream == "${stream}" and body matches "(?m)^[^ \\\\n]+ ${other} "`,
  field: "body",
  regex: `(?m)^[^ \\n]+ ${other} [^\\n]*\\n?`,
  replace_with: "",
});
/** Puts the lines of an entry together. What the other stream wrote between them becomes an entry. */
const OPERATORS = [
  { id: "parse", type: "regex_parser", ...PARSE, on_error: "send_quiet", output: ["own", "other"] },
  {
    ...{ id: "other", type: "filter" },
    expr: 'not (attributes.stream == "stdout" and body matches "\\\\n[^ \\\\n]+ stderr " or attributes.stream == "stderr" and body matches "\\\\n[^ \\\\n]+ stdout ")',
  },
  {
    ...{ type: "regex_replace", if: 'attributes.stream == "stdout"', field: "body" },
    ...{ regex: "(?m)^[^ \\n]+ stdout [^\\n]*\\n?", replace_with: "" },
  },
  {
    ...{
      type: "regex_replace",
      if: 'attributes.stream == "stderr"',
      field: "body",
    },
    ...{ regex: "(?m)^[^ \\n]+ stderr [^\\n]*\\n?", replace_with: "" },
  },
  { type: "regex_parser", ...PARSE },
  { id: "own", ...remove("stdout", "stderr") },
  remove("stderr", "stdout"),
  {
    ...{ type: "regex_replace", field: "body", replace_with: "$${1}$${2}" },
    regex: "(?m)^[^ \\n]+ std(?:out|err) (?:F[^ \\n]* ?([^\\n]*\\n?)|P[^ \\n]* ?([^\\n]*)\\n?)",
  },
  { type: "regex_replace", field: "body", regex: "\\n\\z", replace_with: "" },
  { type: "move", from: 'attributes["log.file.path"]', to: 'resource["log.file.path"]' },
];

const either = (names: readonly string[]): string => (names.length === 1 ? `${names[0]}` : `{${names.join(",")}}`);

const folders = ({ namespaces, containers = ["*"] }: MultilineRule, uid: string): string =>
  `/var/log/pods/${either(namespaces)}_*_${uid}/${either(containers)}`;

/** Files of containers that a rule is about. The receivers for ordinary lines leave them out. */
export const multilineGlobs = (rules: readonly MultilineRule[]): string[] =>
  rules.map((rule) => `${folders(rule, "*")}/*`);

const words = ({ namespaces, containers, kind, firstLine }: MultilineRule): string =>
  `join lines of ${namespaces.join(", ")}${containers ? ` (${containers.join(", ")})` : ""} ${kind ? `by the rules for ${kind}` : `after ${firstLine}`}, and send what the nodes' files hold of them again`;

const start = ({ kind, firstLine = "" }: MultilineRule): string =>
  kind ? RECORD_STARTS[kind] : `(?:${firstLine.replace(/^\^/, "")})`;

/** The collector replaces variables in every text. */
const withoutVariables = (text: string): string => text.replaceAll("$", "$$$$");

/**
 * A name for each rule, by the containers that it is about. Alloy keeps how far it has read by the name of a receiver. So a name that counts
 * the rules would send the files of all rules behind a new one again.
 */
function namesOf(rules: readonly MultilineRule[]): string[] {
  const names: string[] = [];
  for (const { namespaces, containers } of rules) {
    const of = JSON.stringify([namespaces, containers].map((list) => list && [...list].sort()));
    const hash = createHash("sha256").update(of).digest("hex").slice(0, 8);
    names.push(`${hash}-${names.filter((name) => name.startsWith(hash)).length + 1}`);
  }
  return names;
}

/** What a rule adds: a receiver for each group of pods. */
export interface MultilineReceivers extends Rule {
  /** Receivers by group. */
  readonly receivers: ReadonlyMap<string, { readonly name: string; readonly config: object }>;
}

/**
 * Receivers that find the entries while they read. So lines of an entry are read again if Alloy is killed between them.
 *
 * @param groups the pipeline's groups, and the glob of each for a pod's UID.
 */
export const multilineRules = (
  rules: readonly MultilineRule[],
  exclude: readonly string[],
  groups: ReadonlyMap<string, string>,
): MultilineReceivers[] => {
  const names = namesOf(rules);
  return rules.map((rule, i) => ({
    words: words(rule),
    processors: {},
    receivers: new Map(
      [...groups].map(([group, uid]) => [
        group,
        {
          name: `file_log/multiline-${names[i]}-${group}`,
          config: {
            include: ["*.log", "*.log.2*"].map((file) => `${folders(rule, uid)}/${file}`),
            exclude: [...excludeGlobs(exclude), ...multilineGlobs(rules.slice(0, i))],
            multiline: { line_start_pattern: withoutVariables(containerdLine(start(rule))) },
            force_flush_period: WAIT,
            // The patterns decide by what is in the buffer: a small one would often end inside a line's first word.
            initial_buffer_size: "32KiB",
            operators: OPERATORS,
          },
        },
      ]),
    ),
  }));
};
