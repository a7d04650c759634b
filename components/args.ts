import type { Input } from "@pulumi/pulumi";
import { type ResolvedAlloy, resolveAlloy } from "./alloy/args.ts";
import { Findings, InvalidArgumentsError } from "./findings.ts";
import { mergeValues } from "./helm/mergeValues.ts";
import { redactUserInfo } from "./helm/secretsInValues.ts";
import { checkNamespace, checkObjectName } from "./kubernetesNames.ts";
import type { ClusterArgs, LoggingStackArgs } from "./loggingStackArgs.ts";
import { lokiWorkloads, type ResolvedLoki, resolveLoki } from "./loki/args.ts";
import { GATEWAY_SERVICE } from "./loki/values.ts";
import { type ResolvedNetwork, resolveNetwork } from "./network/networkPolicies.ts";
import { parseAksResourceId, type ResolvedNodePool, resolveNodePool } from "./nodePool/agentPool.ts";
import { type CapacityReport, checkCapacity, formatCapacity } from "./nodePool/capacity.ts";
import { type ResolvedObjectStorage, resolveObjectStorage } from "./objectStorage/bucket.ts";
import { profile } from "./profile/profiles.ts";
import { requested } from "./quantities.ts";

/** The arguments with every default in place. Nothing after this file asks what is missing. */
export interface ResolvedArgs {
  readonly cluster: ClusterArgs;
  readonly namespace: string;
  readonly nodePool: ResolvedNodePool;
  readonly objectStorage: ResolvedObjectStorage;
  readonly network: ResolvedNetwork;
  readonly images: {
    readonly registry?: string;
    readonly pullSecrets: readonly string[];
    readonly registryCredentials?: Input<string>;
  };
  readonly loki: ResolvedLoki;
  readonly alloy: ResolvedAlloy;
  /** Base address of the gateway inside the cluster, for queries. */
  readonly queryUrl: string;
  /** Where Alloy pushes to. */
  readonly pushUrl: string;
  /** Absent where the size of the pool is not known. */
  readonly capacity?: CapacityReport;
  /** What is allowed but should be known. */
  readonly warnings: readonly string[];
}

/**
 * Defaults and checks of all rooms together. Pure but for reading the CA file.
 *
 * @throws {InvalidArgumentsError} with every problem found.
 */
export function resolveArgs(args: LoggingStackArgs): ResolvedArgs {
  const findings = new Findings();
  const resolved = checkArgs(args, findings);
  if (findings.problems.length > 0)
    throw new InvalidArgumentsError(`Arguments of ${args.cluster.name}`, findings.problems);
  return resolved;
}

/** The same for who collects problems of other kinds too. What it returns is of use only where it finds none. */
export function checkArgs(args: LoggingStackArgs, findings: Findings): ResolvedArgs {
  const { cluster } = args;
  checkCluster(cluster, findings);
  const namespace = args.namespace ?? "logging";
  checkNamespace(namespace, "namespace", findings);
  // The stack makes the namespace, closes it by policies, and removes it in the end.
  findings.check(namespace !== "default" && !namespace.startsWith("kube-"), {
    subject: "namespace",
    given: namespace,
    text: "a namespace of the stack's own: Kubernetes makes default and kube-…",
    fix: "leave it out to get logging",
  });
  const nodePool = resolveNodePool(args.nodePool, cluster, findings);
  const objectStorage = resolveObjectStorage(args.objectStorage, cluster, findings);
  const network = resolveNetwork(args.network ?? {}, findings);
  const images = { pullSecrets: [], ...args.images };
  checkRegistry(images.registry, findings);
  for (const [i, secret] of images.pullSecrets.entries()) checkObjectName(secret, `images.pullSecrets[${i}]`, findings);
  const sized = args.profile && profile(args.profile);
  const loki = resolveLoki(mergeValues({ ...sized?.loki }, { ...args.loki }), nodePool, findings);
  const alloy = resolveAlloy(mergeValues({ ...sized?.alloy }, { ...args.alloy }), findings);

  const capacity = nodePool.size && checkCapacity(nodePool.size, requested(alloy.resources), lokiWorkloads(loki));
  if (capacity && !capacity.fits) {
    findings.problem({
      subject: nodePool.mode === "create" ? "nodePool" : "nodePool.capacity",
      text: `room for all pods of Loki at the pool's largest; no place is certain for ${capacity.unplaced.join(", ")}\n${formatCapacity(capacity)}`,
      fix: sized
        ? `make it ${sized.pool.maxCount} × ${sized.pool.vmSize}, the pool of the profile ${args.profile}, or lower replicas, requests or caches`
        : "raise maxCount, choose a larger vmSize, or lower replicas, requests or caches",
    });
  }

  const queryUrl = `http://${GATEWAY_SERVICE}.${namespace}.svc.cluster.local`;
  return {
    cluster,
    namespace,
    nodePool,
    objectStorage,
    network,
    images,
    loki,
    alloy,
    queryUrl,
    pushUrl: `${queryUrl}/loki/api/v1/push`,
    ...(capacity && { capacity }),
    warnings: findings.warnings,
  };
}

function checkCluster(cluster: ClusterArgs, findings: Findings): void {
  findings.check(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(cluster.name), {
    subject: "cluster.name",
    given: cluster.name,
    text: "1 to 40 lower-case letters, digits and -, beginning and ending with a letter or digit",
    fix: "name the cluster as its Pulumi stack is named",
  });
  findings.check(/^[a-zA-Z0-9]([\w.-]{0,61}[a-zA-Z0-9])?$/.test(cluster.environment), {
    subject: "cluster.environment",
    given: cluster.environment,
    text: "a short word, which becomes the label env: prod, staging",
    fix: "write one word of letters and digits",
  });
  findings.check(cluster.resourceId === undefined || parseAksResourceId(cluster.resourceId) !== undefined, {
    subject: "cluster.resourceId",
    given: cluster.resourceId,
    text: "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ContainerService/managedClusters/<name>",
    fix: "copy what `az aks show --query id -o tsv` prints",
  });
}

function checkRegistry(registry: string | undefined, findings: Findings): void {
  findings.check(registry === undefined || /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]*[a-z0-9])?$/.test(registry), {
    subject: "images.registry",
    given: registry && redactUserInfo(registry),
    text: "host, port and path without a scheme, a user or a password: myregistry.azurecr.io",
    fix: `write ${registry
      ?.replace(/^[a-z]+:\/\//, "")
      .replace(/^.*@/, "")
      .replace(/\/+$/, "")}`,
  });
}
