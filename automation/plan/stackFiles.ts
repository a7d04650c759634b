import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { type Finding, InvalidArgumentsError, nearest } from "../../components/findings.ts";
import { hasStray } from "../../components/strayCharacters.ts";
import { KEYS } from "../../stack/readConfig.ts";
import { secretKeyRule } from "../../stack/secretKeys.ts";
import { KEY_TWICE_FIX, readEngineYaml, type Tree } from "../yaml/engineYaml.ts";

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

/** A project's name in full stack names, and the default namespace of config keys. */
const PROJECT = "logging";

/**
 * The name of a stack's file and cluster in any form of its name: `stack`, `organization/stack`, or `organization/project/stack` as
 * `pulumi stack ls --all` prints it.
 *
 * @throws when it is a stack of another project.
 */
export function shortName(stack: string): string {
  const parts = stack.split("/");
  const name = parts.at(-1) ?? "";
  const [project = PROJECT] = parts.slice(1, -1);
  if (parts.length <= 3 && !parts.includes("") && project === PROJECT) return name;
  const given = `${stack}: no stack of this project, ${PROJECT}.`;
  throw new Error(`${given} fix: write one of ${stackNames().join(", ")}, alone or behind organization/${PROJECT}/`);
}

/**
 * Reads a stack file as the engine reads it.
 *
 * @param stack The stack's name, see {@link shortName}.
 * @param path The file. By default, `Pulumi.<stack>.yaml`.
 * @throws when the file does not exist, with the names of those that do.
 * @throws {InvalidArgumentsError} when the engine refuses the file, or reads a value in a way that nobody expects.
 */
export function readStackFile(stack: string, path?: string): StackFile {
  const name = shortName(stack);
  const file = path ?? `Pulumi.${name}.yaml`;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    throw new Error(`${file}: no such file. Stacks of this project: ${stackNames().join(", ") || "none"}`);
  }
  const { tree, findings: found } = readEngineYaml(bytes);
  const problems = [...found];
  const entries = problems.length > 0 ? [] : configEntries(tree, problems);
  if (problems.length > 0) throw new InvalidArgumentsError(file, problems.map(withoutSecret));
  return {
    stack: name,
    config: Object.fromEntries(entries.map(({ key, text }) => [key, text])),
    secretKeys: entries.filter(({ secret }) => secret).map(({ key }) => key),
  };
}

/** A key of the config with its text, as the engine hands both to the program. */
interface ConfigEntry {
  readonly key: string;
  readonly text: string;
  readonly secret: boolean;
}

/** The config in a stack file. It may be missing or empty. */
function configEntries(tree: Tree, problems: Finding[]): ConfigEntry[] {
  const config = tree === null ? null : isTreeMap(tree) ? (tree.config ?? null) : undefined;
  if (tree !== null && isTreeMap(tree)) checkTopLevel(tree, problems);
  if (config === null) return [];
  if (config === undefined || !isTreeMap(config)) {
    const subject = config === undefined ? "the file" : "config";
    problems.push({
      subject,
      text: "a map of keys",
      fix: "write the keys below config:, indented, as `logging:cluster:`",
    });
    return [];
  }
  const seen = new Set<string>();
  return Object.entries(config).flatMap(([key, value]) => {
    const fullKey = configKey(key);
    if (fullKey === undefined || seen.has(fullKey)) {
      const text = fullKey
        ? `one value: ${fullKey} is here a second time`
        : `<namespace>:<key>, as in ${PROJECT}:cluster`;
      problems.push({ subject: key, text, fix: fullKey ? KEY_TWICE_FIX : "correct the key" });
      return [];
    }
    seen.add(fullKey);
    const plain = isSecure(value) ? placeholderOf(fullKey, value) : replaceSecure(value);
    return [{ key: fullKey, text: configText(plain), secret: hasSecure(value) }];
  });
}

/** What the engine reads of a stack file. https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/ */
const TOP_LEVEL = ["config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment"];

/**
 * Refuses config beside `config:`, and mistyped keys there. The engine skips them without a word, and deletes them when it next writes
 * the file. A key that holds an anchor may stand there.
 */
function checkTopLevel(tree: object, problems: Finding[]): void {
  for (const key of Object.keys(tree).filter((name) => !TOP_LEVEL.includes(name))) {
    const meant = nearest(key, TOP_LEVEL);
    if (hasStray(key))
      problems.push({
        subject: key,
        text: "a key without tabs and invisible characters: Pulumi skips it here",
        fix: "delete what stands before the key, and indent it with spaces",
      });
    else if (key.includes(":") || KEYS.includes(key))
      problems.push({
        subject: key,
        text: "no config beside config: Pulumi skips it here",
        fix: "move it below config:, with all of its lines two spaces further in",
      });
    else if (meant)
      problems.push({ subject: key, text: `one of: ${TOP_LEVEL.join(", ")}`, fix: `did you mean ${meant}?` });
  }
}

/** A config key with its namespace. https://github.com/pulumi/pulumi/blob/v3.270.0/sdk/go/common/resource/config/key.go */
function configKey(key: string): string | undefined {
  const [namespace = "", name, ...rest] = key.split(":");
  if (name === undefined) return `${PROJECT}:${key}`;
  if (rest.length === 0) return key;
  return rest.length === 1 && name === "config" ? `${namespace}:${rest[0]}` : undefined;
}

/** An absent value becomes an empty text, and anything but text becomes JSON. */
function configText(value: Tree): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return String(value);
  // The program reads numbers with JavaScript's precision.
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? Number(inner) : inner));
}

/** A finding about a secret key without its value, which may be in clear. */
function withoutSecret({ given, ...finding }: Finding): Finding {
  return secretKeyRule(finding.subject) ? { ...finding, fix: "quote it" } : { given, ...finding };
}

const isTreeMap = (value: Tree): value is { [key: string]: Tree } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSecure = (value: Tree): boolean =>
  isTreeMap(value) && typeof value.secure === "string" && Object.keys(value).length === 1;

const hasSecure = (value: Tree): boolean =>
  isSecure(value) || (typeof value === "object" && value !== null && Object.values(value).some(hasSecure));

function replaceSecure(value: Tree): Tree {
  if (isSecure(value)) return placeholder(value);
  if (Array.isArray(value)) return value.map(replaceSecure);
  return isTreeMap(value) ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, replaceSecure(v)])) : value;
}
