import { z } from "zod";
import { type Explanation, secretInput } from "./argumentTypes.ts";
import { type Finding, nearest } from "./findings.ts";

type Path = readonly PropertyKey[];

/** A value with every default filled in, and a finding for each part that does not fit the schema. */
export interface Parsed<T> {
  /** A part with a finding still holds the value given. `Findings.when` skips the checks that read it. */
  readonly value: T;
  readonly findings: readonly Finding[];
}

/** Parses arguments. Unlike `safeParse`, it also returns the parts that fit when others do not. */
export function parseArguments<S extends z.ZodObject>(schema: S, given: unknown): Parsed<z.output<S>> {
  // A check of the schema would not run after some errors, as that of a fraction in place of a whole number.
  const { value } = schema._zod.run({ value: given, issues: [] }, { async: false }) as z.core.ParsePayload;
  const { error } = schema.safeParse(given);
  const issues = error?.issues ?? [];
  return { value: value as z.output<S>, findings: issues.flatMap((issue) => findingsOf(issue, schema, given)) };
}

function findingsOf(issue: z.core.$ZodIssue, root: z.ZodObject, given: unknown): Finding[] {
  const value = at(given, issue.path);
  const subject = keyPath(issue.path);
  if (issue.code === "unrecognized_keys") return unknownKeys(issue, root, given);
  if (issue.code === "custom" && issue.params?.explanation) {
    const { text, fix, shown } = issue.params.explanation as Explanation<unknown>;
    return [{ subject, given: shown ? shown(value) : value, text, fix: typeof fix === "function" ? fix(value) : fix }];
  }
  const allowed = allowedText(issue);
  if (value === undefined) {
    // What the schema's own check would explain, had it a value.
    const { text = allowed, fix } = explanationOf(schemaAt(root, issue.path, given)) ?? {};
    const own = typeof fix === "string" ? fix : fixOf(issue, value, allowed);
    return [{ subject, text: `a value is needed: ${text}`, fix: own }, ...keysOfUnknownKind(issue, root, given)];
  }
  const own: Finding = { subject, given: value, text: allowed, fix: fixOf(issue, value, allowed) };
  return [own, ...keysOfUnknownKind(issue, root, given)];
}

function fixOf(issue: z.core.$ZodIssue, value: unknown, allowed: string): string {
  const { code, path } = issue;
  const docs = `see ${String(path[0] ?? "the keys")} in docs/arguments.md`;
  if (value === null) return `write ${allowed}, or remove the key`;
  const known = allowedValues(issue);
  if (known && typeof value === "string") {
    const meant = nearest(value, known.map(String));
    return meant ? `did you mean ${meant}? ${docs}` : docs;
  }
  if (code !== "invalid_type" || value === undefined) return docs;
  switch (allowed) {
    case TYPE_WORDS.string:
      return typeof value === "object" ? docs : quotedText(value);
    case TYPE_WORDS.boolean:
      return `write ${booleanOf(value) ?? allowed}`;
    case TYPE_WORDS.int:
    case TYPE_WORDS.number:
      return `write ${numberOf(value, allowed) ?? allowed}`;
    case TYPE_WORDS.array:
      return typeof value === "string" ? `write it as a list: ${JSON.stringify([value])}` : docs;
    default:
      return docs;
  }
}

/** A fraction may have been written with more digits: 1.10 is 1.1. */
const quotedText = (value: unknown): string =>
  Number.isInteger(value) || typeof value === "boolean"
    ? `quote it: "${value}"`
    : `quote it, with every digit as you wrote it: "${value}"`;

/** The word that was meant for true or false. Pulumi reads `on` and `yes` as text. */
function booleanOf(value: unknown): string | undefined {
  const text = String(value).trim().toLowerCase();
  if (["true", "yes", "y", "on", "1", "enabled"].includes(text)) return "true";
  return ["false", "no", "n", "off", "0", "disabled"].includes(text) ? "false" : undefined;
}

/** The number in a text: without quotes, and without separators. */
function numberOf(value: unknown, allowed: string): string | undefined {
  const text = String(value).trim();
  const plain = /^\d{1,3}([,_' ]\d{3})+$/.test(text) ? text.replace(/\D/g, "") : text;
  if (typeof value !== "string" || !/^[-+]?\d+(\.\d+)?$/.test(plain)) return undefined;
  if (allowed === TYPE_WORDS.int && !Number.isInteger(Number(plain))) return undefined;
  return `it without quotes: ${Number(plain)}`;
}

/** How the checks of a schema explain what they allow: the first of them. */
function explanationOf(schema: unknown): Explanation<unknown> | undefined {
  const checks = schema instanceof z.ZodType ? (schema.def.checks ?? []) : [];
  const [found] = checks.flatMap(({ _zod }) => {
    const { params } = _zod.def as { params?: { explanation?: Explanation<unknown> } };
    return params?.explanation ?? [];
  });
  return found;
}

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, root: z.ZodObject, given: unknown): Finding[] {
  const group = schemaAt(root, issue.path, given);
  // Secrets are left out: in a stack file they are top-level keys.
  const allowed =
    group instanceof z.ZodObject
      ? Object.entries(group.shape).flatMap(([key, schema]) =>
          unwrapped(schema, undefined) === secretInput ? [] : [key],
        )
      : [];
  return issue.keys.map((key) => ({
    subject: keyPath([...issue.path, key]),
    text: `one of: ${allowed.join(", ")}`,
    fix: suggestion(key, allowed),
  }));
}

/** If a group names no known kind, checks each of its keys against the keys of every kind. */
function keysOfUnknownKind(issue: z.core.$ZodIssue, root: z.ZodObject, given: unknown): Finding[] {
  if (issue.code !== "invalid_union" || !issue.discriminator) return [];
  const path = issue.path.slice(0, -1);
  const union = schemaAt(root, path, undefined);
  const value = at(given, path);
  if (!(union instanceof z.ZodDiscriminatedUnion) || !isMap(value)) return [];
  const { [issue.discriminator]: _, ...keys } = value;
  const shapes = (union.options as z.ZodObject[]).map(({ shape }) => shape);
  const { [issue.discriminator]: __, ...anyKind } = Object.assign({}, ...shapes) as z.core.$ZodShape;
  return parseArguments(z.strictObject(anyKind).partial(), keys).findings.map((finding) => ({
    ...finding,
    subject: `${keyPath(path)}.${finding.subject}`,
  }));
}

/** The schema at a path. A union of kinds resolves to the kind of the value, or to the union itself if there is no value. */
function schemaAt(root: unknown, path: Path, value: unknown): unknown {
  const [part, ...rest] = path;
  const schema = unwrapped(root, value);
  if (part === undefined) return schema;
  const inside = value === undefined ? undefined : at(value, [part]);
  if (schema instanceof z.ZodObject) return schemaAt(schema.shape[part as string], rest, inside);
  if (schema instanceof z.ZodArray) return schemaAt(schema.element, rest, inside);
  return undefined;
}

/** A schema without its optional and default wrappers. In a group of several kinds, the value decides the kind. */
export function unwrapped(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrapped(schema.unwrap(), value);
  if (!(schema instanceof z.ZodDiscriminatedUnion) || value === undefined) return schema;
  const { discriminator } = schema.def;
  return (schema.options as z.ZodObject[]).find(
    ({ shape }) => (shape[discriminator] as z.ZodLiteral).value === at(value, [discriminator]),
  );
}

/** The fix for an unknown key. */
export function suggestion(key: string, allowed: readonly string[]): string {
  const meant = nearest(key, allowed);
  return meant ? `did you mean ${meant}?` : "remove it, or see docs/arguments.md";
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
  record: "a map of keys",
};

/** The values that a key, or a kind, may have. */
function allowedValues(issue: z.core.$ZodIssue): readonly unknown[] | undefined {
  if (issue.code === "invalid_value") return issue.values;
  return issue.code === "invalid_union" && "options" in issue ? issue.options : undefined;
}

/** What the schema allows, in the terms of YAML. */
function allowedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case "invalid_value":
    case "invalid_union": {
      const values = allowedValues(issue);
      return values ? `one of: ${values.join(", ")}` : issue.message;
    }
    case "too_small":
      if (issue.origin === "string") return "text that is not empty";
      return `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}${entries(issue)}`;
    case "too_big":
      return `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}${entries(issue)}`;
    default:
      return issue.message.replace(/^Invalid [\w ]+?: /, "");
  }
}

/** What is counted in a list. */
const entries = ({ origin, ...limit }: { origin: string; minimum?: unknown; maximum?: unknown }): string =>
  origin !== "array" ? "" : (limit.minimum ?? limit.maximum) === 1 ? " entry" : " entries";

const isMap = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((v, part) => (isMap(v) ? v[part] : undefined), value);

const keyPath = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text ? `${text}.${String(part)}` : String(part);
  }, "");
