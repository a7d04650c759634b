import ts from "typescript";
import { z } from "zod";
import { argsSchema } from "../../components/args.ts";
import { accessArgs } from "../../stack/access.ts";

/** The part of a JSON Schema that zod writes for arguments. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
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

/** One key of the config, with what its schema and the comment on it contain. */
export interface ArgumentKey {
  /** Key path, with the kind of a group in parentheses: `nodePool(create).vmSize`. */
  readonly path: string;
  readonly schema: JsonSchema;
  readonly optional: boolean;
  /** The nearest optional group around the key. */
  readonly optionalGroup?: string;
  /** Purpose, as an editor shows it. */
  readonly text: string;
  /** The comment's `@default`. */
  readonly default?: string;
  /** Where the schema has it: keys of a schema that is used in several places have the same one. */
  readonly declaration: ts.Declaration | undefined;
}

/** Types whose members' comments describe the schemas, by file. */
const TYPES = {
  args: ["components/args.ts", "LoggingStackArgs"],
  access: ["stack/access.ts", "AccessConfig"],
} as const;

/**
 * Every key of a stack's config but for the secret keys, in the order of the schemas. Types, ranges and defaults come from the schemas,
 * texts from their comments, through the type checker: the same way an editor finds them.
 */
export function argumentKeys(): ArgumentKey[] {
  const program = ts.createProgram(
    Object.values(TYPES).map(([file]) => file),
    {
      module: ts.ModuleKind.NodeNext,
      strict: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
    },
  );
  const checker = program.getTypeChecker();
  const typeNamed = ([file, name]: readonly [string, string]): ts.Type => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    const symbol = module && checker.getExportsOfModule(module).find((exported) => exported.name === name);
    if (!symbol) throw new Error(`${file} does not export ${name}`);
    return checker.getDeclaredTypeOfSymbol(symbol);
  };
  const walk = new KeyWalk(checker);
  return [
    ...walk.keysIn(typeNamed(TYPES.args), jsonSchema(argsSchema), ""),
    ...walk.keysIn(typeNamed(TYPES.access), jsonSchema(accessArgs), "access"),
  ];
}

/** A zod schema of arguments as JSON Schema. A secret, which may be an Output, becomes `{}`. */
export const jsonSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }) as JsonSchema;

/** Goes through a type and its schema side by side. */
class KeyWalk {
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  keysIn(type: ts.Type, schema: JsonSchema, path: string, optionalGroup?: string): ArgumentKey[] {
    if (schema.oneOf) {
      return schema.oneOf.flatMap((kind) => {
        const [discriminator, name] = discriminatorOf(kind);
        const member = (type.isUnion() ? type.types : [type]).find((t) => this.#literal(t, discriminator) === name);
        if (!member) throw new Error(`${path}: no type for ${discriminator} ${name}`);
        return this.keysIn(member, kind, `${path}(${name})`);
      });
    }
    return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      this.#keysOf(type, name, property, {
        path: path ? `${path}.${name}` : name,
        optional: !schema.required?.includes(name),
        ...(optionalGroup && { optionalGroup }),
      }),
    );
  }

  #keysOf(
    type: ts.Type,
    name: string,
    schema: JsonSchema,
    key: Pick<ArgumentKey, "path" | "optional" | "optionalGroup">,
  ): ArgumentKey[] {
    const symbol = type.getProperty(name);
    if (!symbol) throw new Error(`${key.path}: no such member in the type`);
    const text = (parts: ts.SymbolDisplayPart[] | undefined) =>
      ts.displayPartsToString(parts).replace(/\s+/g, " ").trim();
    const tag = symbol.getJsDocTags(this.#checker).find((t) => t.name === "default");
    const own: ArgumentKey = {
      ...key,
      schema,
      text: text(symbol.getDocumentationComment(this.#checker)),
      ...(tag && { default: text(tag.text) }),
      declaration: symbol.declarations?.[0],
    };
    const inner = this.#checker.getNonNullableType(this.#checker.getTypeOfSymbol(symbol));
    const element = schema.items && this.#checker.getIndexTypeOfType(inner, ts.IndexKind.Number);
    const group = key.optional ? key.path : key.optionalGroup;
    return [
      own,
      ...(element && schema.items ? this.keysIn(element, schema.items, `${key.path}[]`, group) : []),
      ...this.keysIn(inner, schema, key.path, group),
    ];
  }

  #literal(type: ts.Type, name: string): string | undefined {
    const symbol = type.getProperty(name);
    const literal = symbol && this.#checker.getTypeOfSymbol(symbol);
    return literal?.isStringLiteral() ? literal.value : undefined;
  }
}

/** The key that tells the kinds of a group apart, and the name of this kind. */
function discriminatorOf({ properties = {} }: JsonSchema): [string, string] {
  const [key, { const: name } = {}] = Object.entries(properties).find(([, property]) => property.const) ?? [];
  if (!key || !name) throw new Error("a kind of a group has no key that names it");
  return [key, name];
}
