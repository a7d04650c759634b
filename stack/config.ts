import { existsSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { checkArgs, type LoggingStackArgs, type ResolvedArgs } from "../components/args.ts";
import { Findings, InvalidArgumentsError } from "../components/findings.ts";
import { isMap, type Values } from "../components/helm/mergeValues.ts";
import { bucketName } from "../components/objectStorage/args.ts";
import { parseArguments } from "../components/shapeFindings.ts";
import { type AccessConfig, accessArgs } from "./access.ts";
import { readConfig, type Secrets } from "./readConfig.ts";
import { otherStackFiles, sharedBucket } from "./sharedBucket.ts";

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
  const args = withSecrets(groups, secrets);
  const resolved = checkArgs(args, findings);
  checkStack(args as LoggingStackArgs, access, stack, findings);
  if (!resolved || findings.problems.length > 0)
    throw new InvalidArgumentsError(`Arguments of ${stack}`, findings.problems);
  return {
    args: args as LoggingStackArgs,
    resolved,
    access,
    minioAdmin: {
      ...(secrets.minioAdminUser && { user: secrets.minioAdminUser }),
      ...(secrets.minioAdminPassword && { password: secrets.minioAdminPassword }),
    },
  };
}

function checkAccess(plain: Readonly<Record<string, unknown>>, findings: Findings): AccessConfig {
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
  access: AccessConfig,
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
  const nameFrom = objectStorage?.bucket === undefined ? "cluster.name" : "objectStorage.bucket";
  findings.when([nameFrom, "objectStorage.endpoint"], () => {
    const bucket = bucketName(objectStorage, cluster?.name);
    const shared = sharedBucket({ endpoint: objectStorage.endpoint, bucket }, otherStackFiles(stack));
    if (shared) findings.problem(shared);
  });
}

/** Puts the secrets into the groups, where the component expects them. A group that is not a map stays unchanged. */
function withSecrets(groups: Readonly<Record<string, unknown>>, secrets: Secrets): Record<string, unknown> {
  const charts = given({ username: secrets.chartRepositoryUsername, password: secrets.chartRepositoryPassword });
  const additions: Record<string, Values> = {
    objectStorage: given({ accessKey: secrets.objectStorageAccessKey, secretKey: secrets.objectStorageSecretKey }),
    images: given({ registryCredentials: secrets.imageRegistryCredentials }),
  };
  const added = Object.entries(additions).map(([key, values]) => [key, withValues(groups[key], values)]);
  const withChart = (group: unknown): unknown =>
    isMap(group) || group === undefined ? withValues(group, given({ chart: withValues(group?.chart, charts) })) : group;
  return {
    ...groups,
    ...Object.fromEntries(added.filter(([, value]) => value !== undefined)),
    loki: withChart(groups.loki),
    alloy: withChart(groups.alloy),
  };
}

const given = (values: Readonly<Record<string, unknown>>): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Adds values to a group. A group that is not a map stays unchanged. */
function withValues(group: unknown, values: Values): unknown {
  if (Object.keys(values).length === 0 || !(isMap(group) || group === undefined)) return group;
  return { ...group, ...values };
}
