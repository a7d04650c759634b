import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";

/** One stack's config, as the engine would hand it to the program. */
export interface StackFile {
  readonly stack: string;
  readonly config: Record<string, string>;
  readonly secretKeys: readonly string[];
}

/** Stacks that have a file in the project, by name. */
export const stackNames = (project = "."): string[] =>
  readdirSync(project)
    .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();

/**
 * Replaces a secret offline, where nothing can decrypt it. A different ciphertext has a different placeholder. Letters and digits, as
 * keys must be. It is never shown: Pulumi knows that it is a secret, and the plan shows `[secret]`.
 */
const placeholder = (ciphertext: unknown): string =>
  `offlinePlaceholderOfASecret${createHash("sha256").update(JSON.stringify(ciphertext)).digest("hex").slice(0, 8)}`;

/** The placeholder of a secret with a structure has the same structure. */
const placeholderOf = (key: string, ciphertext: unknown): string =>
  key === "logging:imageRegistryCredentials"
    ? JSON.stringify({ auths: { [placeholder(ciphertext)]: {} } })
    : placeholder(ciphertext);

/** The first line of YAML's message has the position. The others repeat the content, which may be a secret. */
function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`${file}: not valid YAML: ${(error as Error).message.replace(/:?\n.*$/s, "")}`);
  }
}

/** Reads a stack file. @throws when it does not exist, with the names of those that do, or when it is not valid YAML. */
export function readStackFile(stack: string, file = `Pulumi.${stack}.yaml`): StackFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new Error(`${file}: no such file. Stacks of this project: ${stackNames().join(", ") || "none"}`);
  }
  const { config = {} } = (parseYaml(text, file) ?? {}) as { config?: Record<string, unknown> };
  const secretKeys: string[] = [];
  const entries = Object.entries(config).map(([key, value]) => {
    const fullKey = key.includes(":") ? key : `logging:${key}`;
    const secret = hasSecure(value);
    if (secret) secretKeys.push(fullKey);
    const plain = isSecure(value) ? placeholderOf(fullKey, value) : replaceSecure(value);
    return [fullKey, typeof plain === "string" ? plain : JSON.stringify(plain)] as const;
  });
  return { stack, config: Object.fromEntries(entries), secretKeys };
}

const isMapOrList = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isSecure = (value: unknown): boolean => isMapOrList(value) && Object.keys(value).join() === "secure";

const hasSecure = (value: unknown): boolean =>
  isSecure(value) || (isMapOrList(value) && Object.values(value).some(hasSecure));

const replaceSecure = (value: unknown): unknown => {
  if (isSecure(value)) return placeholder(value);
  if (Array.isArray(value)) return value.map(replaceSecure);
  return isMapOrList(value) ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, replaceSecure(v)])) : value;
};
