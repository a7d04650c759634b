// Checks arguments against the SDK's type declarations. They are read and not copied, so that the stand-in follows upgrades of the SDK.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The engine sends it for a value that is unknown before the update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Failure {
  readonly property: string;
  readonly reason: string;
}

interface Property {
  readonly required: boolean;
  readonly holds: "one" | "list" | "map";
  readonly type: string;
  readonly values?: readonly string[];
}

type ArgsType = ReadonlyMap<string, Property>;

const loaded = new Map<string, string>();
function declarations(file: string): string {
  let text = loaded.get(file);
  if (text === undefined) {
    text = readFileSync(fileURLToPath(import.meta.resolve(`@pulumi/azure-native/${file}`)), "utf8");
    loaded.set(file, text);
  }
  return text;
}

const INPUTS = "types/input.d.ts";
const enumsOf = (service: string): string => `types/enums/${service}/index.d.ts`;

/** @param from Where to begin to look: names repeat from service to service, and one file declares the arguments of all. */
function block(file: string, opening: string, from = ""): string {
  const text = declarations(file);
  const start = text.indexOf(`${opening} {`, text.indexOf(from));
  if (start < 0) throw new Error(`@pulumi/azure-native/${file} has no "${opening}"`);
  const indent = /^ */.exec(text.slice(text.lastIndexOf("\n", start) + 1))?.[0] ?? "";
  return text
    .slice(text.indexOf("{", start) + 1, text.indexOf(`\n${indent}}`, start))
    .replace(/\/\*\*[\s\S]*?\*\//g, "");
}

const types = new Map<string, ArgsType>();

/** The argument interface `name` of `file`. In the file of nested arguments, `name` begins with the service: `containerservice.X`. */
export function argsType(file: string, name: string): ArgsType {
  let type = types.get(name);
  if (!type) {
    const [service = "", nested] = name.split(".");
    const text =
      nested === undefined
        ? block(file, `interface ${name}`)
        : block(file, `interface ${nested}`, `export declare namespace ${service} {`);
    const properties = text.matchAll(/(\w+)(\??):\s*([\s\S]*?);\s*(?=\w+\??:|$)/g);
    type = new Map(
      [...properties].map(([, key, optional, text]) => [key as string, property(text as string, optional === "")]),
    );
    types.set(name, type);
  }
  return type;
}

function property(text: string, required: boolean): Property {
  const [, service = "", enumName] = /enums\.(\w+)\.(\w+)/.exec(text) ?? [];
  return {
    required,
    holds: text.includes("[key: string]") ? "map" : text.includes("[]") ? "list" : "one",
    type:
      /inputs\.(\w+\.\w+)/.exec(text)?.[1] ??
      /\b(string|number|boolean)\b(?!\])/.exec(text.replace("[key: string]", ""))?.[1] ??
      "any",
    ...(enumName && {
      values: [...block(enumsOf(service), `declare const ${enumName}:`).matchAll(/: "(.*)";/g)].map(
        (match) => match[1] as string,
      ),
    }),
  };
}

/** Missing and unknown properties, wrong types and values outside an enum, at every depth. */
export function misfits(value: Record<string, unknown>, type: ArgsType, path = ""): Failure[] {
  const at = (key: string) => (path ? `${path}.${key}` : key);
  const missing = [...type].filter(([key, { required }]) => required && value[key] == null);
  const given = Object.entries(value).filter(([, held]) => held != null && held !== UNKNOWN);
  return [
    ...missing.map(([key]) => ({ property: at(key), reason: `missing required property '${at(key)}'` })),
    ...given.flatMap(([key, held]) => {
      const expected = type.get(key);
      return expected
        ? contents(held, expected, at(key))
        : [{ property: at(key), reason: `'${at(key)}' is not a property of this type` }];
    }),
  ];
}

function contents(held: unknown, expected: Property, path: string): Failure[] {
  if (expected.holds === "one") return single(held, expected, path);
  const isList = expected.holds === "list";
  if (typeof held !== "object" || Array.isArray(held) !== isList) {
    return [{ property: path, reason: `'${path}' should be ${isList ? "an array" : "a map"}` }];
  }
  return Object.entries(held as object).flatMap(([key, item]) =>
    single(item, expected, isList ? `${path}[${key}]` : `${path}["${key}"]`),
  );
}

function single(item: unknown, { type, values }: Property, path: string): Failure[] {
  if (item === UNKNOWN || type === "any") return [];
  const isPlain = type === "string" || type === "number" || type === "boolean";
  if (typeof item !== (isPlain ? type : "object") || Array.isArray(item)) {
    return [
      {
        property: path,
        reason: `'${path}' should be ${isPlain ? `a ${type}` : "an object"}, is ${JSON.stringify(item)}`,
      },
    ];
  }
  if (!isPlain) return misfits(item as Record<string, unknown>, argsType(INPUTS, type), path);
  // The service accepts images that are newer than the SDK.
  if (values && path !== "osSKU" && !values.includes(item as string)) {
    return [{ property: path, reason: `'${path}' must be one of ${values.join(", ")}, is ${JSON.stringify(item)}` }];
  }
  return [];
}
