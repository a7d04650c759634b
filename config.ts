import * as pulumi from "@pulumi/pulumi";
import leven from "leven";
import { z } from "zod";
import { registryCredentialsProblem } from "./components/clusterObjects.ts";
import type { LoggingStackArgs } from "./components/loggingStackArgs.ts";
import { keyProblem } from "./components/objectStorage.ts";
import type { Problem } from "./components/problems.ts";
import { resolveArgs } from "./components/resolveArgs.ts";
import { argsShape, SECRET_KEYS, type SecretKey, type StackShape, stackShape } from "./configShape.ts";

/** How this stack reaches the Kubernetes API. */
export type AccessConfig = StackShape["access"];

/** Everything that one stack's config says. */
export interface StackConfig {
  readonly args: LoggingStackArgs;
  readonly access: AccessConfig;
  /** MinIO's admin; absent: the provider reads MINIO_USER and MINIO_PASSWORD. */
  readonly minioAdmin: { readonly user?: pulumi.Output<string>; readonly password?: pulumi.Output<string> };
}

const NAMESPACE = "logging";

/** In the SDK but not in its typings; `Config.get` only logs a warning, and one must not ask for the value to learn this. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };

/**
 * Reads and checks the whole config of the current stack.
 *
 * @throws {InvalidArgumentsError} with every problem: undeclared keys, wrong shapes, and all that the components refuse.
 */
export function loadConfig(): StackConfig {
  const stack = pulumi.getStack();
  const problems: Problem[] = [];
  const { plain, secrets } = readConfig(problems);
  const shape = parseShape(plain, stack, problems);
  const { access, ...groups } = shape;

  if (groups.cluster.name !== stack && !problems.some((p) => p.path.startsWith("cluster"))) {
    problems.push({
      path: "cluster.name",
      given: groups.cluster.name,
      expected: `the name of the stack, ${stack}: one name from the stack to the bucket`,
      fix: `write ${stack}, or select the stack of ${groups.cluster.name}`,
    });
  }
  if (access.method === "aks" && !groups.cluster.resourceId && !problems.some((p) => p.path.startsWith("cluster"))) {
    problems.push({
      path: "cluster.resourceId",
      expected: "the ARM id of the AKS cluster, because access.method is aks",
      fix: "set it to what `az aks show --query id -o tsv` prints, or use access.method: kubeconfig",
    });
  }
  const args = withSecrets(groups, secrets);
  // The component checks its arguments itself; here it is done once more early, so that shape and meaning come in one list.
  resolveArgs(args, problems);
  return {
    args,
    access,
    minioAdmin: {
      ...(secrets.minioAdminUser && { user: secrets.minioAdminUser }),
      ...(secrets.minioAdminPassword && { password: secrets.minioAdminPassword }),
    },
  };
}

type Secrets = Partial<Record<SecretKey, pulumi.Output<string>>>;

/** Splits the config into plain values and secrets, and finds what is neither. `allConfig` also has undeclared keys. */
function readConfig(problems: Problem[]): { plain: Record<string, unknown>; secrets: Secrets } {
  const config = new pulumi.Config(NAMESPACE);
  const known = [...Object.keys(argsShape), "access", ...Object.keys(SECRET_KEYS)];
  const plain: Record<string, unknown> = {};
  const secrets: Secrets = {};
  for (const [fullKey, text] of Object.entries(pulumi.runtime.allConfig())) {
    const [namespace, key] = fullKey.split(/:(.*)/) as [string, string];
    if (["kubernetes", "minio", "azure-native", "random"].includes(namespace)) {
      problems.push({
        path: fullKey,
        expected: "no such key: the providers are explicit and do not read it",
        fix: `pulumi config rm ${fullKey}; cluster access is ${NAMESPACE}:access, MinIO is ${NAMESPACE}:objectStorage`,
      });
    } else if (![NAMESPACE, "pulumi"].includes(namespace)) {
      problems.push({
        path: fullKey,
        expected: `${NAMESPACE}:<key>: nothing else is read`,
        fix: `write ${NAMESPACE}:${key}, or remove it`,
      });
    }
    // An empty text is the default of the optional keys that Pulumi.yaml declares.
    if (namespace !== NAMESPACE || text === "") continue;
    const isSecret = isConfigSecret(fullKey);
    if (Object.hasOwn(SECRET_KEYS, key)) {
      if (SECRET_KEYS[key as SecretKey].secret && !isSecret) {
        problems.push({
          path: key,
          expected: "a secret; it stands in clear in the stack file",
          fix: `make a new one, because this one has been in clear, and set it with pulumi config set --secret ${key}`,
        });
      }
      const unusable = SECRET_CHECKS[key as SecretKey]?.(text);
      if (unusable && !problems.some((problem) => problem.path === key)) problems.push(unusable);
      secrets[key as SecretKey] = config.requireSecret(key);
    } else if (!known.includes(key)) {
      problems.push({ path: key, expected: `a declared key: ${known.join(", ")}`, fix: suggestion(key, known) });
    } else if (isSecret) {
      problems.push({
        path: key,
        expected: "no secret inside: one would hide all of this key in every diff",
        fix: `keep secrets in the keys made for them: ${Object.keys(SECRET_KEYS).join(", ")}`,
      });
    } else {
      plain[key] = parseValue(text);
    }
  }
  return { plain, secrets };
}

/** What a secret's text has to be; the problems do not repeat it. */
const SECRET_CHECKS: { readonly [key in SecretKey]?: (text: string) => Problem | undefined } = {
  objectStorageAccessKey: (text) => keyProblem("objectStorageAccessKey", text),
  objectStorageSecretKey: (text) => keyProblem("objectStorageSecretKey", text),
  imageRegistryCredentials: registryCredentialsProblem,
};

/** Pulumi hands objects over as JSON and everything else as text. */
function parseValue(text: string): unknown {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Stands in for a key that is not usable, so that the checks of all others still run. */
const placeholders = (stack: string): StackShape => ({
  cluster: { name: stack, environment: "unknown" },
  access: { method: "kubeconfig", path: "unknown", context: "unknown" },
  nodePool: { mode: "none" },
  objectStorage: { endpoint: "https://unknown" },
});

/** The config in its shape; what does not fit is reported and taken out. */
function parseShape(plain: Record<string, unknown>, stack: string, problems: Problem[]): StackShape {
  const first = stackShape.safeParse(plain);
  if (first.success) return first.data;
  const pruned = structuredClone(plain);
  for (const issue of first.error.issues) {
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    // A group that was refused as a whole is not also missing.
    if (!problems.some((problem) => problem.path === path[0])) problems.push(...problemsOf(issue, path, plain));
    if (issue.code === "unrecognized_keys") for (const key of issue.keys) remove(pruned, [...path, key]);
    else remove(pruned, path);
  }
  const parsed: Record<string, unknown> = { ...placeholders(stack) };
  for (const [key, schema] of Object.entries(stackShape.shape)) {
    const result = (schema as z.ZodType).safeParse(withoutHoles(pruned[key]));
    if (result.success && result.data !== undefined) parsed[key] = result.data;
  }
  return parsed as StackShape;
}

type Path = ReadonlyArray<string | number>;

function problemsOf(issue: z.core.$ZodIssue, path: Path, input: unknown): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const allowed = keysAt(path, input);
    return issue.keys.map((key) => ({
      path: keyPath([...path, key]),
      expected: allowed.length > 0 ? `one of: ${allowed.join(", ")}` : "no such key",
      fix: suggestion(key, allowed),
    }));
  }
  const given = at(input, path);
  const allowed = allowedText(issue);
  const unquoted = typeof given === "string" && issue.code === "invalid_type" && /number|true/.test(allowed);
  return [
    {
      path: keyPath(path),
      ...(given === undefined ? {} : { given }),
      expected: given === undefined ? `a value is needed: ${allowed}` : allowed,
      fix:
        typeof given === "number" && allowed === "text"
          ? `quote it: "${given}"`
          : unquoted
            ? "write it without quotes"
            : `see ${path[0] ?? "the keys"} in the table of config keys, docs/arguments.md`,
    },
  ];
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
      return issue.message
        .replace(/^Invalid [\w ]+?(: |\. )/, "")
        .replace(/^[Ee]xpected /, "one of: ")
        .replaceAll("' | '", ", ")
        .replaceAll("'", "");
  }
}

/** Keys that the schema has at a path, for a suggestion. */
function keysAt(path: Path, input: unknown): string[] {
  let schema: unknown = stackShape;
  let value = input;
  for (const part of [...path, undefined]) {
    schema = unwrap(schema, value);
    if (part === undefined) break;
    value = at(value, [part]);
    schema =
      schema instanceof z.ZodObject ? schema.shape[part] : schema instanceof z.ZodArray ? schema.element : undefined;
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap(), value);
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.find((option) => discriminates(option, value));
  return schema;
}

const discriminates = (option: unknown, value: unknown): boolean =>
  option instanceof z.ZodObject &&
  Object.entries(option.shape).some(
    ([key, field]) => field instanceof z.ZodLiteral && field.value === at(value, [key]),
  );

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (v, part) => (typeof v === "object" && v !== null ? (v as Record<string, unknown>)[part] : undefined),
    value,
  );

function remove(target: Record<string, unknown>, path: Path): void {
  const parent = at(target, path.slice(0, -1));
  const last = path[path.length - 1];
  if (typeof parent === "object" && parent !== null && last !== undefined)
    delete (parent as Record<string, unknown>)[last];
}

/** Lists from which elements were taken out, closed up. */
const withoutHoles = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.flat(0).map(withoutHoles);
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withoutHoles(child)]))
    : value;
};

const keyPath = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${part}` : part),
    "",
  );

function suggestion(key: string, allowed: readonly string[]): string {
  const nearest = [...allowed].sort(
    (a, b) => leven(key.toLowerCase(), a.toLowerCase()) - leven(key.toLowerCase(), b.toLowerCase()),
  )[0];
  return nearest && leven(key.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, key.length / 3)
    ? `did you mean ${nearest}?`
    : "remove it, or see docs/arguments.md";
}

/** The arguments with the secrets where the component takes them. */
function withSecrets(groups: Omit<StackShape, "access">, secrets: Secrets): LoggingStackArgs {
  const chart = {
    ...(secrets.chartRepositoryUsername && { username: secrets.chartRepositoryUsername }),
    ...(secrets.chartRepositoryPassword && { password: secrets.chartRepositoryPassword }),
  };
  const withChart = <T extends { chart?: object | undefined }>(group: T | undefined) =>
    Object.keys(chart).length === 0 ? group : { ...group, chart: { ...group?.chart, ...chart } };
  return {
    ...groups,
    objectStorage: {
      ...groups.objectStorage,
      ...(secrets.objectStorageAccessKey && { accessKey: secrets.objectStorageAccessKey }),
      ...(secrets.objectStorageSecretKey && { secretKey: secrets.objectStorageSecretKey }),
    },
    images: {
      ...groups.images,
      ...(secrets.imageRegistryCredentials && { registryCredentials: secrets.imageRegistryCredentials }),
    },
    loki: withChart(groups.loki) ?? {},
    alloy: withChart(groups.alloy) ?? {},
  };
}
