// npm run docs: docs/arguments.md, from the comments in components/loggingStackArgs.ts.
// `npm run docs -- --check` writes nothing and exits with 1 when it is stale. Both refuse a key that only one of the interfaces and
// configShape.ts has.
import { readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";
import { z } from "zod";
import { SECRET_KEYS, type SecretKey, stackShape } from "../../stack/configShape.ts";
import { readCommandLine } from "./commandLine.ts";
import { reportAndExit } from "./reportAndExit.ts";

const SOURCE = "components/loggingStackArgs.ts";
const REFERENCE = "docs/arguments.md";

/** An address in a comment, with the space before it. */
const LINK = /(?:^|\s+)(https?:\/\/[^\s`]*[^\s`.,])/g;

/** What belongs to a stack and not to the component, and so has no comment to read. */
const ACCESS: Readonly<Record<string, { readonly text: string; readonly default?: string }>> = {
  "access.method": {
    text: "`aks` asks Azure for the credentials of `cluster.resourceId`; `kubeconfig` reads a file. No default, so that no stack reaches the ambient context by accident.",
  },
  "access.login": {
    text: "Method `aks`: how kubelogin signs in. `azurecli` for a person after `az login`, `workloadidentity` for a pipeline with OIDC, `spn` for a service principal with a secret. https://azure.github.io/kubelogin/concepts/login-modes.html",
  },
  "access.path": { text: "Method `kubeconfig`: path of the kubeconfig, relative to `Pulumi.yaml` or absolute." },
  "access.context": { text: "Method `kubeconfig`: the context in it." },
  "access.server": {
    text: "Method `kubeconfig`: the address of the API server that the context has to lead to; `npm run deploy` refuses any other.",
    default: "any address",
  },
};
const MINIO_ADMIN: Partial<Record<SecretKey, string>> = {
  minioAdminUser:
    "MinIO's admin user, which makes bucket, user and policy. Without it the provider reads `MINIO_USER` from the environment.",
  minioAdminPassword: "MinIO's admin password. Without it the provider reads `MINIO_PASSWORD` from the environment.",
};

/** One key as its comment describes it. */
interface Key {
  readonly path: string;
  /** Where it is declared: members of one interface that is used in several places are one row. */
  readonly declaration: ts.PropertySignature;
  readonly optional: boolean;
  /** The nearest key above it that may be left out as a whole. */
  readonly optionalParent?: string;
  readonly text: string;
  readonly default?: string;
  /** An interface of its own, whose keys follow. */
  readonly isGroup: boolean;
  /** Takes an Output, so that in a stack it is a config key of its own. */
  readonly isInput: boolean;
}

interface Group {
  readonly title: string;
  readonly text: string;
  readonly keys: readonly Key[];
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly additionalProperties?: JsonSchema | boolean;
}

/** What configShape.ts says of a key: the same path as in the interfaces, with the mode of a union in it. */
interface Shape {
  readonly schema: JsonSchema;
  readonly optional: boolean;
}

try {
  const { values: options } = readCommandLine("usage: npm run docs -- [--check]", {
    check: { type: "boolean", default: false },
  });
  const source = ts.createSourceFile(SOURCE, readFileSync(SOURCE, "utf8"), ts.ScriptTarget.ES2024, true);
  const groups = readGroups(source);
  const shapes = readShapes(z.toJSONSchema(stackShape, { unrepresentable: "any" }) as JsonSchema);
  const problems = disagreements(groups, shapes);
  if (problems.length > 0) throw new Error(problems.join("\n"));

  const pages = { [REFERENCE]: reference(groups, shapes) };
  const stale = Object.entries(pages).filter(([file, text]) => readOrEmpty(file) !== text);
  if (options.check && stale.length > 0)
    throw new Error(`stale: ${stale.map(([file]) => file).join(", ")}. fix: npm run docs`);
  for (const [file, text] of stale) writeFileSync(file, text);
  const keys = groups.flatMap((group) => group.keys).length;
  const told = stale.length > 0 ? `${stale.map(([file]) => file).join(" and ")} written` : "up to date";
  console.log(`${keys} arguments, ${Object.keys(SECRET_KEYS).length} keys of their own: ${told}`);
} catch (error) {
  reportAndExit(error);
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

// The interfaces.

/** One group for each argument, the node pool one for each mode; arguments that are no group come first, together. */
function readGroups(source: ts.SourceFile): Group[] {
  const interfaces = new Map<string, ts.InterfaceDeclaration>();
  const unions = new Map<string, ts.UnionTypeNode>();
  source.forEachChild((node) => {
    if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, node);
    if (ts.isTypeAliasDeclaration(node) && ts.isUnionTypeNode(node.type)) unions.set(node.name.text, node.type);
  });
  const named = (type: ts.TypeNode | undefined): string | undefined =>
    type && ts.isTypeReferenceNode(type) ? type.typeName.getText() : undefined;
  const interfaceOf = (type: ts.TypeNode | undefined) => interfaces.get(named(type) ?? "");

  const keysOf = (declaration: ts.InterfaceDeclaration, prefix: string, optionalParent?: string): Key[] => {
    const inherited = declaration.heritageClauses?.flatMap(({ types }) => types) ?? [];
    return [
      ...inherited.flatMap((type) => {
        const base = interfaces.get(type.expression.getText());
        return base ? keysOf(base, prefix, optionalParent) : [];
      }),
      ...declaration.members
        .filter(ts.isPropertySignature)
        .flatMap((member) => keysOfMember(member, prefix, optionalParent)),
    ];
  };
  const keysOfMember = (member: ts.PropertySignature, prefix: string, optionalParent?: string): Key[] => {
    const path = `${prefix}${member.name.getText()}`;
    const list = member.type && ts.isArrayTypeNode(member.type) ? interfaceOf(member.type.elementType) : undefined;
    const group = interfaceOf(member.type) ?? list;
    const optional = member.questionToken !== undefined;
    const { text, value } = commentOf(member);
    const key: Key = {
      path,
      declaration: member,
      optional,
      ...(optionalParent && { optionalParent }),
      text: group && !list ? withLinkOf(text, commentOf(group).text) : text,
      ...(value !== undefined && { default: value }),
      isGroup: group !== undefined,
      isInput: named(member.type) === "Input",
    };
    const inside = optional ? path : optionalParent;
    return [key, ...(group ? keysOf(group, list ? `${path}[].` : `${path}.`, inside) : [])];
  };

  const root = interfaces.get("LoggingStackArgs");
  if (!root) throw new Error(`${SOURCE}: no interface LoggingStackArgs`);
  const single: Key[] = [];
  const groups = root.members.filter(ts.isPropertySignature).flatMap((member): Group[] => {
    const title = member.name.getText();
    const { text } = commentOf(member);
    const modes = unions.get(named(member.type) ?? "")?.types.map(interfaceOf);
    if (modes) {
      return modes.flatMap((mode): Group[] => {
        if (!mode) return [];
        const name = literalOf(mode, "mode");
        const keys = keysOf(mode, `${title}(${name}).`);
        return [{ title: `${title}, mode ${name}`, text: commentOf(mode).text, keys }];
      });
    }
    const declaration = interfaceOf(member.type);
    if (!declaration) {
      single.push(...keysOfMember(member, ""));
      return [];
    }
    return [{ title, text: withLinkOf(text, commentOf(declaration).text), keys: keysOf(declaration, `${title}.`) }];
  });
  return [...groups, { title: "Others", text: "", keys: single }];
}

/** The value of a member that is a literal: what tells the modes of a union apart. */
function literalOf(declaration: ts.InterfaceDeclaration, name: string): string {
  const member = declaration.members.find((m) => m.name?.getText() === name);
  const type = member && ts.isPropertySignature(member) ? member.type : undefined;
  return type && ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? type.literal.text : "";
}

function commentOf(node: ts.Node): { text: string; value?: string } {
  const words = (comment: ts.JSDoc["comment"]) => (ts.getTextOfJSDocComment(comment) ?? "").replace(/\s+/g, " ").trim();
  const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
  const tag = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === "default");
  return { text: words(comment?.comment), ...(tag && { value: words(tag.comment) }) };
}

/** A group's purpose, with the vendor's page that its interface names. */
function withLinkOf(text: string, other: string): string {
  return [text, ...(text.match(LINK) ? [] : (other.match(LINK) ?? []))].map((part) => part.trim()).join(" ");
}

// The schema.

/** Every key of the schema by its path. */
function readShapes(root: JsonSchema): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const walk = (schema: JsonSchema, path: string): void => {
    if (schema.items) walk(schema.items, `${path}[]`);
    for (const option of schema.oneOf ?? schema.anyOf ?? [])
      walk(option, `${path}(${Object.values(option.properties ?? {}).find((field) => field.const)?.const})`);
    for (const [key, field] of Object.entries(schema.properties ?? {})) {
      const at = path ? `${path}.${key}` : key;
      shapes.set(at, { schema: field, optional: !schema.required?.includes(key) });
      walk(field, at);
    }
  };
  walk(root, "");
  return shapes;
}

/** Keys that only one side has, or that only one side requires. Inline types are compared by the type checker. */
function disagreements(groups: readonly Group[], shapes: ReadonlyMap<string, Shape>): string[] {
  const keys = groups.flatMap((group) => group.keys);
  const documented = new Map(keys.map((key) => [key.path, key]));
  const inline = (path: string) => {
    const parent = documented.get(path.replace(/\.[^.]+$/, ""));
    return parent !== undefined && !parent.isGroup;
  };
  const topLevel = (path: string) => !/[.(]/.test(path);
  const secrets = Object.keys(SECRET_KEYS) as SecretKey[];
  return [
    ...keys.flatMap((key): string[] => {
      const shape = shapes.get(key.path);
      if (key.text === "") return [`${SOURCE}: ${key.path} has no comment`];
      if (key.isInput) {
        const stackKey = stackKeyOf(key);
        if (shape) return [`configShape.ts: ${key.path} takes an Output, and would stand in clear in a stack file`];
        return stackKey && stackKey in SECRET_KEYS ? [] : [`${SOURCE}: ${key.path} does not name its key in a stack`];
      }
      if (!shape) return [`configShape.ts: ${key.path} is missing; ${SOURCE} has it`];
      if (shape.optional !== key.optional)
        return [`${key.path}: required in ${key.optional ? "configShape.ts" : SOURCE} only`];
      if (key.optional && !key.isGroup && key.default === undefined) return [`${SOURCE}: ${key.path} has no @default`];
      return [];
    }),
    ...[...shapes].flatMap(([path, { optional }]): string[] => {
      if (path.startsWith("access")) {
        const told = ACCESS[withoutMode(path)];
        if (!told) return path === "access" ? [] : [`automation/commands/docs.ts: ${path} has no text`];
        return optional === (told.default !== undefined)
          ? []
          : [`automation/commands/docs.ts: ${path} is ${optional ? "optional" : "required"} in configShape.ts`];
      }
      return documented.has(path) || inline(path) || topLevel(path)
        ? []
        : [`${SOURCE}: ${path} is missing; configShape.ts has it`];
    }),
    ...secrets
      .filter((key) => !(key in MINIO_ADMIN) && !keys.some((argument) => stackKeyOf(argument) === key))
      .map((key) => `${SOURCE}: no argument names ${key}; configShape.ts has it`),
  ];
}

/** The config key of an argument that takes an Output, as its comment names it. */
function stackKeyOf(key: Key): string | undefined {
  return key.isInput ? /config key `(\w+)`/.exec(key.text)?.[1] : undefined;
}

/** A path without the mode or method in it. */
function withoutMode(path: string): string {
  return path.replace(/\(\w+\)/, "");
}

// The pages.

function reference(groups: readonly Group[], shapes: ReadonlyMap<string, Shape>): string {
  return `${[
    "# Config keys",
    "Made by `npm run docs` from the comments in `components/loggingStackArgs.ts` and the schema in `configShape.ts`; edit those.",
    "In a stack file each key stands under its group, and the group under `logging:<group>`, as in `Pulumi.prod-aks-a.yaml`. A program that uses the component hands the same keys to `new LoggingStack(...)`.",
    ...groups.flatMap((group) => [
      `## ${group.title}`,
      ...(group.text ? [linked(group.text)] : []),
      table(
        ["key", "type", "default", "meaning"],
        merged(group.keys.filter((key) => !key.isInput)).map(([key, ...same]) => [
          paths([key, ...same]),
          typeOf(shapes.get(key.path)?.schema, key.isGroup),
          defaultOf(key),
          linked(key.text),
        ]),
      ),
    ]),
    "## access",
    "How the stack reaches the Kubernetes API. A key of the stack, not of the component, which is handed its providers.",
    table(
      ["key", "type", "default", "meaning"],
      [...shapes]
        .filter(([path]) => /^access\(/.test(path))
        .filter(([path], i, all) => all.findIndex(([other]) => withoutMode(other) === withoutMode(path)) === i)
        .map(([path, { schema }]) => [
          `\`${withoutMode(path)}\``,
          path.endsWith(".method") ? "`aks`, `kubeconfig`" : typeOf(schema, false),
          ACCESS[withoutMode(path)]?.default ?? "required",
          linked(ACCESS[withoutMode(path)]?.text ?? ""),
        ]),
    ),
    "## Keys of their own",
    "Secrets, and what belongs to them, stand at the top level: one nested secret would hide the whole object around it in every diff. `pulumi config set --secret <key>` asks for the value.",
    table(
      ["key", "must be a secret", "meaning", "argument of the component"],
      secretRows(groups).map(({ key, secret, text, argument }) => [
        `\`${key}\``,
        secret ? "yes" : "no",
        linked(text),
        argument,
      ]),
    ),
  ].join("\n\n")}\n`;
}

function secretRows(groups: readonly Group[]) {
  const keys = groups.flatMap((group) => group.keys);
  return (Object.keys(SECRET_KEYS) as SecretKey[]).map((key) => {
    const same = keys.filter((argument) => stackKeyOf(argument) === key);
    const text = same[0]?.text.replace(/ In a stack, the (secret )?config key `\w+`\./, "");
    return {
      key,
      secret: SECRET_KEYS[key].secret,
      text: text ?? MINIO_ADMIN[key] ?? "",
      argument: same.length > 0 ? paths(same) : "none: it belongs to the provider",
    };
  });
}

/** Members of one interface that is used in several places, together. */
function merged(keys: readonly Key[]): Array<[Key, ...Key[]]> {
  return [...(Map.groupBy(keys, (key) => key.declaration).values() as Iterable<[Key, ...Key[]]>)];
}

function paths(keys: readonly Key[]): string {
  return keys.map(({ path }) => `\`${withoutMode(path)}\``).join("<br>");
}

function defaultOf(key: Key): string {
  if (!key.optional) {
    // A key of an optional group is needed only where the group is given.
    const group = key.optionalParent && withoutMode(key.optionalParent).replace(/^.*\./, "");
    return group ? `required in \`${group}\`` : "required";
  }
  if (key.default === undefined) return "see its keys";
  return key.default.startsWith("- ") ? key.default.slice(2) : `\`${key.default}\``;
}

/** A type in words, from the schema. */
function typeOf(schema: JsonSchema | undefined, isGroup: boolean): string {
  if (!schema) return "";
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  switch (schema.type) {
    case "string":
      return "text";
    case "boolean":
      return "`true`, `false`";
    case "integer":
    case "number": {
      const { minimum, maximum, exclusiveMinimum } = schema;
      const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
      const above = exclusiveMinimum !== undefined ? `, above ${exclusiveMinimum}` : "";
      const from = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `, ${minimum} or more` : above;
      return `${schema.type === "integer" ? "whole number" : "number"}${bounded ? `, ${minimum} to ${maximum}` : from}`;
    }
    case "array":
      return `list of ${schema.items?.properties ? "groups" : typeOf(schema.items, false)}`;
    case "object":
      if (isGroup) return "group";
      if (schema.properties) {
        const fields = Object.entries(schema.properties).map(([name, field]) => {
          const optional = schema.required?.includes(name) ? "" : "?";
          return `${name}${optional}${field.enum ? `: ${field.enum.join(" or ")}` : ""}`;
        });
        return `\`{ ${fields.join(", ")} }\``;
      }
      return typeof schema.additionalProperties === "object" && schema.additionalProperties.type === "string"
        ? "map of text"
        : "map";
    default:
      return "any";
  }
}

function linked(text: string): string {
  return text
    .replace(LINK, (_match, url: string) => ` [${new URL(url).hostname.replace(/^www\./, "")}](${url})`)
    .trim();
}

/** Padded as the formatter wants it. */
function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [first = [], ...others] = cells;
  return [line(first), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...others.map(line)].join("\n");
}
