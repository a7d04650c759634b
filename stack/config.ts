import { existsSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { checkArgs, type LoggingStackArgs, type ResolvedArgs } from "../components/args.ts";
import { Findings, InvalidArgumentsError } from "../components/findings.ts";
import { isMap, type Values } from "../components/helm/mergeValues.ts";
import { parseArguments } from "../components/shapeFindings.ts";
import { checkStray, straySecret } from "../components/strayCharacters.ts";
import { type AccessConfig, accessArgs } from "./access.ts";
import { otherStackFiles } from "./otherStackFiles.ts";
import { readConfig, type Secrets } from "./readConfig.ts";
import { secretKeyRules } from "./secretKeys.ts";
import { sharedBucket } from "./sharedBucket.ts";
import { sharedCluster } from "./sharedCluster.ts";

/** The config of one stack. */
export interface StackConfig {
  readonly args: LoggingStackArgs;
  /** The arguments with every default filled in. */
  readonly resolved: ResolvedArgs;
  readonly access: AccessConfig;
  /** MinIO's admin. If absent, the provider reads MINIO_USER and MINIO_PASSWORD. */
  readonly minioAdmin: { readonly user?: pulumi.Output<string>; readonly password?: pulumi.Output<string> };
}

const accessSchema = z.object({ access: accessArgs });

/**
 * Reads and checks the whole config of the current stack.
 *
 * @throws {InvalidArgumentsError} with every problem: undeclared keys, wrong shapes, and everything that the component refuses.
 */
export function loadConfig(): StackConfig {
  const stack = pulumi.getStack();
  const findings = new Findings();
  const { plain, secrets } = readConfig(findings);
  const { access: _, ...groups } = plain;
  const access = checkAccess(plain, findings);
  const args = withSecrets(groups, secrets, findings);
  const resolved = checkArgs(args, findings);
  checkStack(args as unknown as LoggingStackArgs, { access, secrets }, stack, findings);
  if (!resolved || findings.problems.length > 0)
    throw new InvalidArgumentsError(`Arguments of ${stack}`, findings.problems);
  return {
    args: args as unknown as LoggingStackArgs,
    resolved,
    access,
    minioAdmin: {
      ...(secrets.minioAdminUser && { user: secrets.minioAdminUser }),
      ...(secrets.minioAdminPassword && { password: secrets.minioAdminPassword }),
    },
  };
}

function checkAccess(plain: Readonly<Record<string, unknown>>, findings: Findings): AccessConfig {
  checkStray({ access: plain.access }, "", findings);
  const { value, findings: shape } = parseArguments(accessSchema, plain);
  for (const finding of shape) findings.within(finding.subject, () => findings.problem(finding));
  const { access } = value;
  findings.when(["access.method", "access.path"], () => {
    if (access.method !== "kubeconfig") return;
    // Offline, nothing connects to the cluster, and the file may exist only on the machine that deploys.
    findings.check(process.env.PULUMI_NODEJS_ENGINE === undefined || existsSync(access.path), {
      subject: "access.path",
      given: access.path,
      text: "a kubeconfig file, relative to Pulumi.yaml or absolute; this one does not exist",
      fix: "write the file that kubectl uses for this cluster, or use access.method: aks",
    });
  });
  return access;
}

/** Checks the arguments against the stack and its access. */
function checkStack(
  { cluster, objectStorage }: LoggingStackArgs,
  { access, secrets }: { readonly access: AccessConfig; readonly secrets: Secrets },
  stack: string,
  findings: Findings,
): void {
  findings.when(["cluster.name"], () => {
    findings.check(cluster.name === stack, {
      subject: "cluster.name",
      given: cluster.name,
      text: `the name of the stack, ${stack}: stack, labels and bucket share one name`,
      fix: `write ${stack}, or select the stack of ${cluster.name}`,
    });
  });
  findings.when(["access.method", "cluster.resourceId"], () => {
    findings.check(access.method !== "aks" || cluster.resourceId !== undefined, {
      subject: "cluster.resourceId",
      text: "the ARM ID of the AKS cluster, because access.method is aks",
      fix: "set it to what `az aks show --query id -o tsv` prints, or use access.method: kubeconfig",
    });
  });
  findings.when(["objectStorage.mode"], () => {
    if (objectStorage?.mode !== "existing") checkEnvironment(secrets, findings);
  });
  const others = otherStackFiles(stack);
  findings.when(["cluster.resourceId"], () => {
    const shared = sharedCluster(stack, cluster?.resourceId, others);
    if (shared) findings.problem(shared);
  });
  const nameFrom = objectStorage?.bucket === undefined ? "cluster.name" : "objectStorage.bucket";
  findings.when([nameFrom, "objectStorage.endpoint"], () => {
    const shared = sharedBucket({ ...objectStorage, stack, clusterName: cluster?.name }, others);
    if (shared) findings.problem(shared);
  });
}

/** Checks the variables from which the MinIO provider reads its admin, unless the config has them. */
function checkEnvironment({ minioAdminUser, minioAdminPassword }: Secrets, findings: Findings): void {
  const variables = { ...(!minioAdminUser && { MINIO_USER: 1 }), ...(!minioAdminPassword && { MINIO_PASSWORD: 1 }) };
  for (const name of Object.keys(variables)) {
    const problem = straySecret(name, process.env[name] ?? "", `export ${name}="$(tr -d '\\r\\n\\t' <FILE)"`);
    if (problem) findings.problem(problem);
  }
}

/**
 * Puts the secrets at the arguments of the component that take them. The stack file itself must not have them there: they would be
 * unencrypted, and shown in every diff.
 */
function withSecrets(groups: Values, secrets: Secrets, findings: Findings): Values {
  const args = structuredClone(groups);
  for (const [key, { secret, paths = [] }] of secretKeyRules) {
    for (const path of paths) {
      findings.check(removeAt(args, path) === undefined, {
        subject: path,
        text: `nothing here: the value belongs to the top-level key ${key}`,
        fix: `remove it and run pulumi config set --secret ${key}${secret ? ", with a new one, because this one was stored unencrypted" : ""}`,
      });
      if (secrets[key]) setAt(args, path, secrets[key]);
    }
  }
  return args;
}

/** Removes the value at a key path, and returns it. */
function removeAt(values: Values, path: string): unknown {
  const keys = path.split(".");
  const last = keys.pop() as string;
  const parent = keys.reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), values);
  if (!isMap(parent)) return undefined;
  const { [last]: removed } = parent;
  delete parent[last];
  return removed;
}

/** Sets the value at a key path, with the maps on the way. A group that is not a map stays as it is. */
function setAt(values: Values, path: string, value: unknown): void {
  const [key = "", ...rest] = path.split(/\.(.*)/).filter(Boolean);
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  values[key] ??= {};
  const inner = values[key];
  if (isMap(inner)) setAt(inner, rest.join("."), value);
}
