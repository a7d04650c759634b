import { z } from "zod";
import { type Finding, nearest } from "../components/findings.ts";
import { type StackShape, stackShape } from "./configShape.ts";

/** The config in its shape. */
export interface CheckedShape {
  /**
   * One where everything fits. Otherwise two that differ in what stands in for the values that do not: the least that is allowed
   * there, and the most. So all other values can be checked too, and what both have in common does not come from a stand-in.
   */
  readonly shapes: readonly [StackShape, ...StackShape[]];
  /** Whether something stands in at a key path, or above it. */
  readonly standsIn: (path: string) => boolean;
}

type Path = readonly PropertyKey[];
type Size = "least" | "most";

/** Adds a problem for each value that does not fit into the shape, and for each key that is not in it. */
export function checkShape(plain: Readonly<Record<string, unknown>>, problems: Finding[]): CheckedShape {
  // Of a group that does not say which kind it is, only the single keys can be checked, against those of every kind.
  const kindless = Object.entries(stackShape.shape).filter(
    ([key, schema]) =>
      schema instanceof z.ZodDiscriminatedUnion && isMap(plain[key]) && kindOf(schema, plain[key]) === undefined,
  ) as Array<[string, z.ZodDiscriminatedUnion]>;
  const schema = stackShape.extend(Object.fromEntries(kindless.map(([key, union]) => [key, anyKindOf(union)])));
  const parsed = schema.safeParse(plain);
  if (parsed.success) return { shapes: [parsed.data as unknown as StackShape], standsIn: () => false };

  const { issues } = parsed.error;
  // A group that was refused as a whole is not also missing.
  const refused = new Set<unknown>(problems.map(({ subject }) => subject));
  for (const issue of issues) if (!refused.has(issue.path[0])) problems.push(...problemsOf(issue, schema, plain));

  const unknown = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [],
  );
  const unusable = [
    ...issues.filter(({ code }) => code !== "unrecognized_keys").map(({ path }) => path),
    ...kindless.map(([key]) => [key]),
  ];
  const repaired = (size: Size): StackShape => {
    const copy = structuredClone(plain);
    for (const path of unknown) delete parentOf(copy, path)[last(path)];
    for (const path of unusable) parentOf(copy, path)[last(path)] = standIn(schemaAt(stackShape, path, plain), size);
    return copy as unknown as StackShape;
  };
  const places = unusable.map(keyPath);
  return {
    shapes: [repaired("least"), repaired("most")],
    standsIn: (path) =>
      places.some((place) => path === place || (/^[.[]/.test(path.slice(place.length)) && path.startsWith(place))),
  };
}

const kindOf = ({ options, def }: z.ZodDiscriminatedUnion, value: unknown): z.ZodObject | undefined =>
  (options as z.ZodObject[]).find(
    ({ shape }) => (shape[def.discriminator] as z.ZodLiteral).value === at(value, [def.discriminator]),
  );

function anyKindOf({ options, def: { discriminator } }: z.ZodDiscriminatedUnion): z.ZodObject {
  const kinds = (options as z.ZodObject[]).map(({ shape }) => shape);
  const names = kinds.map((kind) => (kind[discriminator] as z.ZodLiteral<string>).value);
  return z
    .strictObject(Object.assign({}, ...kinds))
    .partial()
    .extend({ [discriminator]: z.enum(names) });
}

/** The schema of the value at a path; of a group of several kinds, the one that the value has. */
function schemaAt(root: unknown, path: Path, value: unknown): unknown {
  return path.reduce<{ schema: unknown; value: unknown }>(
    ({ schema, value }, part) => ({ schema: memberOf(bare(schema, value), part), value: at(value, [part]) }),
    { schema: root, value },
  ).schema;
}

const bare = (schema: unknown, value: unknown): unknown => {
  if (schema instanceof z.ZodOptional) return bare(schema.unwrap(), value);
  return schema instanceof z.ZodDiscriminatedUnion ? kindOf(schema, value) : schema;
};

const memberOf = (schema: unknown, part: PropertyKey): unknown => {
  if (schema instanceof z.ZodObject) return schema.shape[part as string];
  if (schema instanceof z.ZodArray) return schema.element;
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
};

let standIns = 0;

/** A value of the right type. No text is the same twice, so that what is found of one is told apart too. */
function standIn(schema: unknown, size: Size): unknown {
  const least = size === "least";
  if (schema instanceof z.ZodOptional) return standIn(schema.unwrap(), size);
  if (schema instanceof z.ZodNumber)
    return least ? Math.max(schema.minValue ?? 1, 1) : Math.min(schema.maxValue ?? 100, 100);
  if (schema instanceof z.ZodBoolean) return !least;
  if (schema instanceof z.ZodLiteral) return schema.value;
  if (schema instanceof z.ZodEnum) return schema.options.at(least ? 0 : -1);
  if (schema instanceof z.ZodArray) return least ? [] : [standIn(schema.element, size)];
  if (schema instanceof z.ZodRecord) return {};
  if (schema instanceof z.ZodDiscriminatedUnion) return standIn(schema.options.at(least ? 0 : -1), size);
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).filter(([, field]) => !(least && field instanceof z.ZodOptional));
    return Object.fromEntries(fields.map(([key, field]) => [key, standIn(field, size)]));
  }
  standIns += 1;
  return `stand-in-${standIns}`;
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodObject, plain: unknown): Finding[] {
  const { path } = issue;
  const given = at(plain, path);
  if (issue.code === "unrecognized_keys") {
    const group = bare(schemaAt(schema, path, plain), given);
    const allowed = group instanceof z.ZodObject ? Object.keys(group.shape) : [];
    return issue.keys.map((key) => ({
      subject: keyPath([...path, key]),
      text: allowed.length > 0 ? `one of: ${allowed.join(", ")}` : "no such key",
      fix: suggestion(key, allowed),
    }));
  }
  const allowed = allowedText(issue);
  const unquoted = typeof given === "string" && issue.code === "invalid_type" && /number|true/.test(allowed);
  return [
    {
      subject: keyPath(path),
      ...(given === undefined ? {} : { given }),
      text: given === undefined ? `a value is needed: ${allowed}` : allowed,
      fix:
        typeof given === "number" && allowed === "text"
          ? `quote it: "${given}"`
          : unquoted
            ? "write it without quotes"
            : `see ${String(path[0] ?? "the keys")} in the table of config keys, docs/arguments.md`,
    },
  ];
}

/** What to do about a key that nobody knows. */
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

/** What zod allows, in the words of somebody who writes YAML. */
function allowedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case "invalid_value":
      return `one of: ${issue.values.join(", ")}`;
    case "too_small":
      return issue.origin === "string"
        ? "text that is not empty"
        : `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return `at most ${issue.maximum}`;
    default:
      return issue.message.replace(/^Invalid [\w ]+?: /, "");
  }
}

const isMap = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((v, part) => (isMap(v) ? v[part] : undefined), value);

const last = (path: Path): PropertyKey => path[path.length - 1] ?? "";

const parentOf = (root: unknown, path: Path): Record<PropertyKey, unknown> => {
  const parent = at(root, path.slice(0, -1));
  return isMap(parent) ? parent : {};
};

const keyPath = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text ? `${text}.${String(part)}` : String(part);
  }, "");
