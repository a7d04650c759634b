import { z } from "zod";
import { explained, text } from "../argumentTypes.ts";
import { re2Pattern } from "../regularExpressions.ts";
import { cardStatements, MAY_HAVE_CARD } from "./cards.ts";
import { namespacePatterns } from "./namespacePatterns.ts";
import { inNamespaces, literal } from "./ottl.ts";
import type { Rule } from "./rule.ts";
import { TOKENS, type Token } from "./tokens.ts";

/** What is masked everywhere in a line, by kind. Cards are checked (cards.ts). */
const KINDS: Readonly<Record<"token" | "jwt" | "email" | "ipv4", readonly Token[]>> = {
  token: TOKENS,
  // https://www.rfc-editor.org/rfc/rfc7519
  jwt: [{ name: "jwt", contains: [".ey"], pattern: "\\bey[\\w-]{10,}\\.ey[\\w-]{10,}\\.[\\w-]*" }],
  email: [
    {
      name: "email",
      contains: ["@", "%40"],
      pattern: "[\\pL\\pN._%+-]+(?:@|%40)[\\pL\\pN-]+(?:\\.[\\pL\\pN-]+)*\\.\\pL{2,}",
    },
  ],
  ipv4: [
    {
      name: "ipv4",
      contains: ["."],
      pattern: "\\b(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\b",
    },
  ],
};

/** Text that is replaced before a line leaves memory. */
export const maskRule = z
  .strictObject({
    /**
     * What is masked: well-known tokens and passwords in addresses, JSON Web Tokens, numbers of cards, addresses of mail, IPv4 addresses.
     * https://github.com/gitleaks/gitleaks
     * @default - what `pattern` finds
     */
    kind: z.enum(["token", "jwt", "card", "email", "ipv4"]).optional(),
    /**
     * A regular expression of RE2. What it finds is masked. https://github.com/google/re2/wiki/Syntax
     * @default - what `kind` names
     */
    pattern: re2Pattern.optional(),
    /**
     * What replaces a match of `pattern`: `customer` becomes `[masked:customer]`. Lines are counted by it.
     * @default - `pattern-1` for the first rule of the list
     */
    name: text
      .refine(
        (name) => /^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(name),
        explained({ text: "lower-case letters, digits and -, such as customer-number", fix: "choose a short name" }),
      )
      .optional(),
    /**
     * Namespaces, or patterns for them: `team-a`, `load-*`.
     * @default - every namespace
     */
    namespaces: namespacePatterns.optional(),
  })
  .refine(
    ({ kind, pattern, name }) =>
      (kind === undefined) !== (pattern === undefined) && (kind === undefined || name === undefined),
    explained({ text: "either kind, or pattern with or without a name", fix: "write one rule for each" }),
  );

export type MaskRule = z.output<typeof maskRule>;

const masked = (name: string): string => `[masked:${name}]`;

/** A processor for each rule. After the last one, another notes in `masked` what was found in a line. */
export const maskRules = (rules: readonly MaskRule[]): Rule[] =>
  rules.map((rule, i) => ({
    words: words(rule, i),
    processors: {
      [`transform/mask-${i + 1}`]: processor(group(rule, i)),
      ...(i === rules.length - 1 && { "transform/masked": processor(noteOn(rules)) }),
    },
  }));

/** The same for lines of no namespace, as statements of one processor. Rules for namespaces do not count. */
export function maskGroups(rules: readonly MaskRule[]): Group[] {
  const groups = rules.flatMap((rule, i) => (rule.namespaces ? [] : [group(rule, i)]));
  return groups.length > 0 ? [...groups, noteOn(rules)] : [];
}

const noteOn = (rules: readonly MaskRule[]): Group => note([...new Set(rules.flatMap(namesOf))]);

/** An application that writes this text itself is counted too. */
const note = (names: readonly string[]): Group => ({
  context: "log",
  conditions: [`Index(log.body, ${literal("[masked:")}) >= 0`],
  statements: [
    'set(log.attributes["masked"], "")',
    ...names.map(
      (name) =>
        `set(log.attributes["masked"], Concat([log.attributes["masked"], ${literal(name)}], ",")) where Index(log.body, ${literal(masked(name))}) >= 0`,
    ),
    'replace_pattern(log.attributes["masked"], "^,", "")',
    'delete_key(log.attributes, "masked") where log.attributes["masked"] == ""',
  ],
});

/** Statements of OTTL with their conditions. */
export interface Group {
  readonly context: "log";
  readonly conditions?: readonly string[];
  readonly statements: readonly string[];
}

const processor = (group: Group): object => ({ error_mode: "silent", log_statements: [group] });

const nameOf = (rule: MaskRule, i: number): string => rule.name ?? `pattern-${i + 1}`;

const namesOf = (rule: MaskRule, i: number): string[] => {
  if (rule.kind === undefined) return [nameOf(rule, i)];
  return rule.kind === "card" ? ["card"] : KINDS[rule.kind].map(({ name }) => name);
};

const words = (rule: MaskRule, i: number): string =>
  `mask ${rule.kind ?? `${nameOf(rule, i)}, ${rule.pattern},`} in lines of ${rule.namespaces?.join(", ") ?? "all namespaces"}`;

function group(rule: MaskRule, i: number): Group {
  const conditions = [
    ...(rule.namespaces ? [inNamespaces(rule.namespaces)] : []),
    ...(rule.kind === "card" ? [MAY_HAVE_CARD] : []),
  ];
  const only = conditions.length > 0 ? { conditions: [conditions.join(" and ")] } : {};
  return { context: "log", ...only, statements: statements(rule, i) };
}

function statements(rule: MaskRule, i: number): string[] {
  if (rule.kind === "card") return cardStatements(masked("card"));
  if (rule.kind !== undefined) return KINDS[rule.kind].map(tokenStatement);
  return [`replace_pattern(log.body, ${literal(rule.pattern ?? "")}, ${literal(masked(nameOf(rule, i)))})`];
}

const tokenStatement = ({ name, contains, pattern }: Token): string =>
  `replace_pattern(log.body, ${literal(pattern)}, ${literal(`\${1}${masked(name)}\${2}`)}) where ${contains
    .map((part) => `Index(log.body, ${literal(part)}) >= 0`)
    .join(" or ")}`;
