import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { argsSchema } from "../components/args.ts";
import type { Findings } from "../components/findings.ts";
import { suggestion } from "../components/shapeFindings.ts";
import { SECRET_KEYS, type SecretKey, secretKeyRule } from "./secretKeys.ts";

/** Namespace of the project's config keys. */
export const NAMESPACE = "logging";

/** The secret keys that a stack has. */
export type Secrets = Partial<Record<SecretKey, pulumi.Output<string>>>;

/** In the SDK, but not in its typings. `Config.get` would only log a warning, and needs the value. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };

/** Every key of the config, without its namespace. */
export const KEYS: readonly string[] = [...Object.keys(argsSchema.shape), "access", ...Object.keys(SECRET_KEYS)];
const PROVIDERS = ["kubernetes", "minio", "azure-native", "random"];

/** Reads the stack's config and splits it into plain values and secrets. Reports unknown keys, and secrets that are not encrypted. */
export function readConfig(findings: Findings): { plain: Record<string, unknown>; secrets: Secrets } {
  const config = new pulumi.Config(NAMESPACE);
  const plain: Record<string, unknown> = {};
  const secrets: Secrets = {};
  // Unlike `Config`, `allConfig` also has undeclared keys.
  for (const [fullKey, text] of Object.entries(pulumi.runtime.allConfig())) {
    const [namespace, key] = fullKey.split(/:(.*)/) as [string, string];
    checkNamespace(fullKey, namespace, key, findings);
    if (fullKey === "pulumi:disable-default-providers") checkDefaultProviders(fullKey, text, findings);
    // Pulumi.yaml declares the optional keys with an empty text as default.
    if (namespace !== NAMESPACE || text === "") continue;
    if (secretKeyRule(key)) {
      checkSecret(key, text, isConfigSecret(fullKey), findings);
      secrets[key as SecretKey] = config.requireSecret(key);
    } else if (checkGroup(key, isConfigSecret(fullKey), findings)) {
      plain[key] = parseValue(text);
      checkTimes(plain[key], key, findings);
    }
  }
  return { plain, secrets };
}

function checkNamespace(fullKey: string, namespace: string, key: string, findings: Findings): void {
  findings.check(!PROVIDERS.includes(namespace), {
    subject: fullKey,
    text: "no such key: the providers are explicit and do not read it",
    fix: `pulumi config rm ${fullKey}; cluster access is ${NAMESPACE}:access, MinIO is ${NAMESPACE}:objectStorage`,
  });
  findings.check([NAMESPACE, "pulumi", ...PROVIDERS].includes(namespace), {
    subject: fullKey,
    text: `${NAMESPACE}:<key>: nothing else is read`,
    fix: `write ${NAMESPACE}:${key}, or remove it`,
  });
}

function checkDefaultProviders(fullKey: string, text: string, findings: Findings): void {
  findings.check(isDeepStrictEqual(parseValue(text), ["*"]), {
    subject: fullKey,
    given: parseValue(text),
    text: '["*"]: a default provider would write to whatever cluster and account this machine is logged in to',
    fix: `pulumi config rm ${fullKey}: Pulumi.yaml sets it for all stacks`,
  });
}

function checkSecret(key: string, text: string, isSecret: boolean, findings: Findings): void {
  const rule = secretKeyRule(key);
  findings.check(!rule?.secret || isSecret, {
    subject: key,
    text: "a secret; it is not encrypted in the stack file",
    fix: `make a new one, because this one was stored unencrypted, and set it with pulumi config set --secret ${key}`,
  });
  findings.when([key], () => {
    const problem = rule?.check?.(text);
    if (problem) findings.problem(problem);
  });
}

function checkGroup(key: string, isSecret: boolean, findings: Findings): boolean {
  const declared = findings.check(KEYS.includes(key), {
    subject: key,
    text: `a declared key: ${KEYS.join(", ")}`,
    fix: suggestion(key, KEYS),
  });
  return (
    declared &&
    findings.check(!isSecret, {
      subject: key,
      text: "no secret inside: a secret would hide the whole key in every diff",
      fix: `keep secrets in the keys made for them: ${Object.keys(SECRET_KEYS).join(", ")}`,
    })
  );
}

/** How Go prints a time: what the engine makes of a date without quotes. Nobody writes this. */
const GO_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) [+-]\d{4} \S+$/;

/** Reports dates without quotes, which the engine turned into times. Offline, the reader of stack files reports them. */
function checkTimes(value: unknown, path: string, findings: Findings): void {
  if (Array.isArray(value)) for (const [i, entry] of value.entries()) checkTimes(entry, `${path}[${i}]`, findings);
  else if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value)) checkTimes(inner, `${path}.${key}`, findings);
  const [given, day, time] = (typeof value === "string" && GO_TIME.exec(value)) || [];
  if (given === undefined) return;
  findings.problem({
    subject: path,
    given,
    text: "text in quotes: Pulumi reads a date without quotes as a time",
    fix: `quote it: "${time === "00:00:00" ? day : `${day} ${time}`}"`,
  });
}

/** Pulumi passes objects as JSON and everything else as text. */
function parseValue(text: string): unknown {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
