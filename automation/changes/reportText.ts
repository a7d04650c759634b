import { stripVTControlCharacters, styleText } from "node:util";
import { RELEASE_TYPE } from "../../components/helm/releaseType.ts";
import type { ChangeReport } from "./changeReport.ts";
import { amount, type Sizing } from "./costs.ts";
import { count } from "./count.ts";
import type { FieldChange } from "./fieldChanges.ts";
import type { Level, RatedFinding } from "./levels.ts";
import type { ReleaseChange } from "./objectChanges.ts";

/** Limits of a report for people. The JSON has everything. */
const MOST_LINES_OF_AN_OBJECT = 30;
const LONGEST_LINE = 160;
/** Limits of the lists that a comment does not fold. An entry may be as long as a command. */
const MOST_ENTRIES = 40;
const LONGEST_ENTRY = 600;
/** A change that is the same in this many objects, or more, is shown once. */
const SHARED_FROM = 3;

const SIGN = { added: "+", removed: "-", changed: "~", create: "+", delete: "-", replace: "±", update: "~" } as const;

/** One object or resource, with its changed fields as lines of a diff. */
interface Block {
  readonly title: string;
  readonly lines: readonly string[];
}

/** The report as Markdown for a comment: the verdict and the meanings are visible, the fields are folded. */
export function reportMarkdown(report: ChangeReport, longest = 60_000): string {
  const { stack, base, verdict, changed } = report;
  const head = [
    commentMarker(stack),
    `### ${stack}: ${changed ? `**${verdict}**` : "no changes"}`,
    "",
    `Compared with ${base}.`,
  ];
  const warnings = list("**Warnings**", report.warnings.map(inLine));
  if (!changed) return `${[...head, ...warnings].join("\n")}\n`;
  const body = [
    ...head,
    "",
    summaryLine(report),
    ...list("**What it means**", report.meanings.map(meaningItem)),
    ...list("**Costs more or less**", report.costs.map(inLine)),
    ...list("**Capacity**", capacityLines(report)),
    ...warnings,
  ];
  const sections = [
    [`Resources: ${opCounts(report.resources.map(({ op }) => op))}`, resourceBlocks(report)] as const,
    ...report.releases.map((release) => [releaseTitle(release), releaseBlocks(release)] as const),
  ];
  const note = (left: number): string =>
    `\n_Left out for length: ${count(left, "object")}; \`npm run diff -- ${stack}\` or the JSON file shows all._\n`;
  let text = `${body.join("\n")}\n`;
  let left = 0;
  for (const [title, blocks] of sections) {
    const room = longest - text.length - note(9_999).length - 2;
    let kept = blocks.length;
    while (kept > 0 && fold(title, blocks.slice(0, kept)).length > room) kept--;
    if (kept > 0) text += `\n${fold(title, blocks.slice(0, kept))}\n`;
    left += blocks.length - kept;
  }
  return left > 0 ? text + note(left) : text;
}

/** Lets a pipeline find its comment on a stack. */
const commentMarker = (stack: string): string => `<!-- logging change report: ${stack} -->`;

/** The report for a terminal. */
export function reportText(report: ChangeReport, colours: boolean): string {
  const { stack, base, verdict, changed } = report;
  const title = `${stack}: ${changed ? styleText(COLOUR[verdict], verdict) : "no changes"}`;
  const lines = [styleText("bold", title), `compared with ${base}`];
  const section = (name: string, entries: readonly string[]) => {
    if (entries.length > 0) lines.push("", styleText("underline", name), ...entries.map((entry) => `  ${entry}`));
  };
  if (changed) {
    lines.push("", summaryLine(report));
    section("What it means", report.meanings.flatMap(meaningLines));
    section("Costs more or less", report.costs);
    section("Capacity", capacityLines(report));
  }
  section("Warnings", report.warnings);
  if (changed) {
    const blocks = (all: readonly Block[]) =>
      all.flatMap(({ title: t, lines: l }) => [t, ...l.map((line) => `  ${line}`)]);
    section("Resources", blocks(resourceBlocks(report)));
    for (const release of report.releases) section(releaseTitle(release), blocks(releaseBlocks(release)));
  }
  const text = `${lines.join("\n")}\n`;
  return colours ? text : stripVTControlCharacters(text);
}

const COLOUR = {
  safe: "green",
  restarts: "yellow",
  disruptive: "magenta",
  destructive: "red",
} as const satisfies Record<Level, string>;

function summaryLine({ resources, releases }: ChangeReport): string {
  const objects = releases.flatMap((release) => release.objects);
  const parts = [
    `resources: ${opCounts(resources.map(({ op }) => op))}`,
    `objects in Helm releases: ${opCounts(objects.map(({ op }) => op))}`,
  ];
  return parts.join("; ");
}

const OPS = ["delete", "replace", "update", "create", "removed", "changed", "added"] as const;

function opCounts(ops: ReadonlyArray<(typeof OPS)[number]>): string {
  const counts = OPS.map((op) => [op, ops.filter((other) => other === op).length] as const).filter(([, n]) => n > 0);
  return counts.map(([op, n]) => `${n} ${op}`).join(", ") || "none";
}

const meaningItem = ({ level, subject, text, fix }: RatedFinding): string =>
  `${level === "safe" ? "" : `**${level}** `}${inLine(`${subject}: ${text}`)}${fix ? `<br>→ ${codeOf(fix)}` : ""}`;

/** Commands as code, because Markdown would interpret their quotes, stars and dollars. */
const codeOf = (fix: string): string => (/kubectl|pulumi /.test(fix) ? `\`${fix.replaceAll("`", "'")}\`` : inLine(fix));

/** A manifest's or the engine's text on one line, without HTML. */
const inLine = (text: string): string => {
  const line = text.replaceAll(/\s*\n\s*/g, " ");
  return escapeHtml(line.length > LONGEST_ENTRY ? `${line.slice(0, LONGEST_ENTRY - 1)}…` : line);
};

const meaningLines = ({ level, subject, text, fix }: RatedFinding): string[] => [
  `${styleText(COLOUR[level], level.padEnd(11))} ${subject}: ${text}`,
  ...(fix ? [`${" ".repeat(11)} → ${fix}`] : []),
];

function list(title: string, entries: readonly string[]): string[] {
  if (entries.length === 0) return [];
  const left = entries.length - MOST_ENTRIES;
  const shown = left > 0 ? [...entries.slice(0, MOST_ENTRIES), `… and ${left} more, none heavier`] : entries;
  return ["", title, "", ...shown.map((entry) => `- ${entry}`)];
}

function capacityLines({ capacity: { before, after } }: ChangeReport): string[] {
  const text = ({ requested, offered }: Sizing): string =>
    `${count(requested.pods, "pod")} ask for ${amount(requested)}${offered ? ` of ${amount(offered)} on ${count(offered.nodes, "node")}` : ""}`;
  const [old, now] = [text(before), text(after)];
  return old === now ? [] : [`before: ${old}`, `after: ${now}`];
}

const releaseTitle = ({ name, chart, objects }: ReleaseChange): string =>
  `Helm release ${name}: ${opCounts(objects.map(({ op }) => op))}${chart ? ` (chart ${chart.before} → ${chart.after})` : ""}`;

function resourceBlocks({ resources }: ChangeReport): Block[] {
  return resources.map(({ op, type, name, reason, protect, fields }) => ({
    title: `${SIGN[op]} ${op} ${name}  ${type}${protect ? " (protected)" : ""}${reason ? `: ${reason}` : ""}`,
    // The report shows a release object by object instead.
    lines: type === RELEASE_TYPE ? [] : capped(fields.flatMap(fieldLines)),
  }));
}

function releaseBlocks({ objects }: ReleaseChange): Block[] {
  const texts = objects.map(({ fields }) => fields.map((field) => fieldLines(field).join("\n")));
  const uses = new Map<string, number>();
  for (const text of texts.flat()) uses.set(text, (uses.get(text) ?? 0) + 1);
  const isShared = (text: string): boolean => (uses.get(text) ?? 0) >= SHARED_FROM;
  const shared = [...uses.keys()].filter(isShared).map((text) => ({
    title: `~ in ${uses.get(text)} objects alike`,
    lines: text.split("\n"),
  }));
  const own = objects.flatMap(({ op, kind, name, hook }, i): Block[] => {
    const lines = (texts[i] ?? []).filter((text) => !isShared(text)).flatMap((text) => text.split("\n"));
    if (op === "changed" && lines.length === 0) return [];
    return [{ title: `${SIGN[op]} ${kind} ${name}${hook ? ` (hook: ${hook})` : ""}`, lines: capped(lines) }];
  });
  return [...own, ...shared];
}

function fieldLines({ path, op, before, after, lines }: FieldChange): string[] {
  if (lines) return [`  ${path}:`, ...lines.map((line) => clipped(`${line.slice(0, 1)}   ${line.slice(1)}`))];
  if (op === "added") return [clipped(`+ ${path}: ${valueText(after)}`)];
  if (op === "removed") return [clipped(`- ${path}: ${valueText(before)}`)];
  return [clipped(`- ${path}: ${valueText(before)}`), clipped(`+ ${path}: ${valueText(after)}`)];
}

const valueText = (value: unknown): string => {
  if (typeof value !== "string" || /[\n"]/.test(value)) return JSON.stringify(value);
  // The beginning of a checksum is enough to see that it differs.
  return /^[0-9a-f]{63,64}$/.test(value) ? `${value.slice(0, 8)}…` : value;
};

const clipped = (line: string): string => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE - 1)}…` : line);

const capped = (lines: readonly string[]): string[] =>
  lines.length > MOST_LINES_OF_AN_OBJECT
    ? [
        ...lines.slice(0, MOST_LINES_OF_AN_OBJECT),
        `  … ${count(lines.length - MOST_LINES_OF_AN_OBJECT, "line")} left out`,
      ]
    : [...lines];

/** A folded block. The fence is longer than any in the text, so that no manifest can end it. */
function fold(title: string, blocks: readonly Block[]): string {
  if (blocks.length === 0) return "";
  const text = blocks.map(({ title: t, lines }) => [`# ${t}`, ...lines].join("\n")).join("\n");
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `<details><summary>${escapeHtml(title)}</summary>\n\n${fence}diff\n${text}\n${fence}\n\n</details>`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
