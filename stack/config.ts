import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs, type ResolvedArgs } from "../components/args.ts";
import { type Finding, Findings, InvalidArgumentsError } from "../components/findings.ts";
import type { LoggingStackArgs } from "../components/loggingStackArgs.ts";
import { registryCredentialsProblem } from "../components/namespace/clusterObjects.ts";
import { keyProblem } from "../components/objectStorage/bucket.ts";
import { checkShape, suggestion } from "./configProblems.ts";
import { argsShape, SECRET_KEYS, type SecretKey, type StackShape } from "./configShape.ts";

/** How this stack reaches the Kubernetes API. */
export type AccessConfig = StackShape["access"];

/** Everything that one stack's config says. */
export interface StackConfig {
  readonly args: LoggingStackArgs;
  /** The arguments with every default in place. */
  readonly resolved: ResolvedArgs;
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
  const problems: Finding[] = [];
  const { plain, secrets } = readConfig(problems);
  const { shapes, standsIn } = checkShape(plain, problems);
  const [checked, ...others] = shapes.map((shape) => checkMeaning(shape, secrets, stack)) as [Checked, ...Checked[]];
  // What is found with one stand-in and not with another says nothing of the config.
  const isReal = (problem: Finding) =>
    !standsIn(problem.subject) &&
    others.every(({ problems }) => problems.some((same) => isDeepStrictEqual(same, problem)));
  problems.push(...checked.problems.filter(isReal));
  if (problems.length > 0) throw new InvalidArgumentsError(`Arguments of ${stack}`, problems);
  return {
    ...checked.config,
    minioAdmin: {
      ...(secrets.minioAdminUser && { user: secrets.minioAdminUser }),
      ...(secrets.minioAdminPassword && { password: secrets.minioAdminPassword }),
    },
  };
}

type Secrets = Partial<Record<SecretKey, pulumi.Output<string>>>;

/** Splits the config into plain values and secrets, and finds what is neither. `allConfig` also has undeclared keys. */
function readConfig(problems: Finding[]): { plain: Record<string, unknown>; secrets: Secrets } {
  const config = new pulumi.Config(NAMESPACE);
  const known = [...Object.keys(argsShape), "access", ...Object.keys(SECRET_KEYS)];
  const plain: Record<string, unknown> = {};
  const secrets: Secrets = {};
  for (const [fullKey, text] of Object.entries(pulumi.runtime.allConfig())) {
    const [namespace, key] = fullKey.split(/:(.*)/) as [string, string];
    if (["kubernetes", "minio", "azure-native", "random"].includes(namespace)) {
      problems.push({
        subject: fullKey,
        text: "no such key: the providers are explicit and do not read it",
        fix: `pulumi config rm ${fullKey}; cluster access is ${NAMESPACE}:access, MinIO is ${NAMESPACE}:objectStorage`,
      });
    } else if (![NAMESPACE, "pulumi"].includes(namespace)) {
      problems.push({
        subject: fullKey,
        text: `${NAMESPACE}:<key>: nothing else is read`,
        fix: `write ${NAMESPACE}:${key}, or remove it`,
      });
    }
    if (fullKey === "pulumi:disable-default-providers" && !isDeepStrictEqual(parseValue(text), ["*"])) {
      problems.push({
        subject: fullKey,
        given: parseValue(text),
        text: '["*"]: a default provider would write to whatever cluster and account this machine is logged in to',
        fix: `pulumi config rm ${fullKey}: Pulumi.yaml sets it for all stacks`,
      });
    }
    // An empty text is the default of the optional keys that Pulumi.yaml declares.
    if (namespace !== NAMESPACE || text === "") continue;
    const isSecret = isConfigSecret(fullKey);
    if (Object.hasOwn(SECRET_KEYS, key)) {
      if (SECRET_KEYS[key as SecretKey].secret && !isSecret) {
        problems.push({
          subject: key,
          text: "a secret; it stands in clear in the stack file",
          fix: `make a new one, because this one has been in clear, and set it with pulumi config set --secret ${key}`,
        });
      }
      const unusable = SECRET_CHECKS[key as SecretKey]?.(text);
      if (unusable && !problems.some((problem) => problem.subject === key)) problems.push(unusable);
      secrets[key as SecretKey] = config.requireSecret(key);
    } else if (!known.includes(key)) {
      problems.push({ subject: key, text: `a declared key: ${known.join(", ")}`, fix: suggestion(key, known) });
    } else if (isSecret) {
      problems.push({
        subject: key,
        text: "no secret inside: one would hide all of this key in every diff",
        fix: `keep secrets in the keys made for them: ${Object.keys(SECRET_KEYS).join(", ")}`,
      });
    } else {
      plain[key] = parseValue(text);
    }
  }
  return { plain, secrets };
}

/** What a secret's text has to be; the problems do not repeat it. */
const SECRET_CHECKS: { readonly [key in SecretKey]?: (text: string) => Finding | undefined } = {
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

interface Checked {
  readonly problems: readonly Finding[];
  readonly config: Omit<StackConfig, "minioAdmin">;
}

/** Checks what the values mean: against the stack, against each other, and by the component's own checks. */
function checkMeaning({ access, ...groups }: StackShape, secrets: Secrets, stack: string): Checked {
  const { name, resourceId } = groups.cluster;
  const findings = new Findings();
  findings.check(name === stack, {
    subject: "cluster.name",
    given: name,
    text: `the name of the stack, ${stack}: one name from the stack to the bucket`,
    fix: `write ${stack}, or select the stack of ${name}`,
  });
  findings.check(access.method !== "aks" || resourceId !== undefined, {
    subject: "cluster.resourceId",
    text: "the ARM id of the AKS cluster, because access.method is aks",
    fix: "set it to what `az aks show --query id -o tsv` prints, or use access.method: kubeconfig",
  });
  if (access.method === "kubeconfig") {
    // Offline nothing is reached, and the file may be on the machine that deploys only.
    findings.check(process.env.PULUMI_NODEJS_ENGINE === undefined || existsSync(access.path), {
      subject: "access.path",
      given: access.path,
      text: "a kubeconfig file, relative to Pulumi.yaml or absolute; this one does not exist",
      fix: "write the file that kubectl uses for this cluster, or use access.method: aks",
    });
  }
  // The component checks its arguments itself; here it is done once more early, so that shape and meaning come in one list.
  const args = withSecrets(groups, secrets);
  const resolved = checkArgs(args, findings);
  return { problems: findings.problems, config: { args, resolved, access } };
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
