import type { ResolvedArgs } from "../../components/args.ts";
import { parseAksResourceId } from "../../components/cluster/args.ts";
import type { Finding } from "../../components/findings.ts";
import type { StateResource } from "../engine/stackState.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import type { StackSettings } from "../plan/stackSettings.ts";
import { isOnPath, type ProgramError, runProgram } from "../subprocess.ts";
import {
  type AksCluster,
  type AksSafeguards,
  clusterFindings,
  describeCluster,
  enforcedIn,
  isAutomatic,
  safeguardFindings,
} from "./aksCluster.ts";
import { type Check, type CheckResult, judged, ok, once, skipped } from "./check.ts";

/** Azure, through its CLI: login, rights, the cluster and its safeguards, quota. No checks for a cluster outside of Azure. */
export function azureChecks({ args, access }: StackSettings): Check[] {
  const id = args.cluster.resourceId;
  if (!id || !parseAksResourceId(id)) return [];
  const pool = args.nodePool.created;
  const cluster = once(() => az<AksCluster>("aks", "show", "--ids", id));
  return [
    check("Azure login", checkLogin),
    check("AKS cluster", async () => judged(clusterFindings(await cluster(), args), describeCluster(await cluster()))),
    check("Deployment Safeguards", async () => checkSafeguards(id, args, isAutomatic(await cluster()))),
    ...(access.method === "aks" ? [{ name: "kubelogin", run: checkKubelogin }] : []),
    ...(pool
      ? [
          check("rights on the cluster", () => checkPoolRights(id)),
          check("quota", async () => checkQuota(await cluster(), pool, args.nodePool.size?.vm.cpu ?? 0)),
        ]
      : []),
  ];
}

/** Reports an error of `az` as a finding; explains those that are known. */
const check = (name: string, run: () => Promise<CheckResult>): Check => ({
  name,
  run: () =>
    run().catch((error: ProgramError) => {
      if (error.reason === "missing")
        return skipped("az is not on PATH (https://learn.microsoft.com/cli/azure/install-azure-cli)");
      const explained = explainErrors([error.message]);
      const finding = { subject: name, text: error.message.split("\n")[0] ?? "", fix: "az login, then try again" };
      return judged(explained.length > 0 ? explained : [finding], "");
    }),
});

/** Output of `az` as an object. */
const az = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await runProgram("az", [...args, "--output", "json"])) as T;

/** `az` is logged in. */
export async function checkLogin(): Promise<CheckResult> {
  const { user } = await az<{ user?: { name?: string } }>("account", "show");
  return ok(user?.name ?? "a login without a name");
}

/** AKS admits the pods as they are. */
async function checkSafeguards(id: string, args: ResolvedArgs, automatic: boolean): Promise<CheckResult> {
  const url = `${id}/providers/Microsoft.ContainerService/deploymentSafeguards/default?api-version=2025-07-01`;
  const answer = await az<{ properties: AksSafeguards }>("rest", "--method", "get", "--url", url).catch(
    (error: ProgramError) => {
      if (/ResourceNotFound|NotFound|Not Found/.test(error.message)) return undefined;
      throw error;
    },
  );
  const enforced = enforcedIn(args.namespace, answer?.properties, automatic);
  return judged(
    safeguardFindings(id, args, answer?.properties, automatic),
    answer ? `${answer.properties.level ?? "off"}; in the namespace ${args.namespace}: ${enforced}` : "off",
  );
}

/** kubelogin, which signs in to the cluster, is on PATH. */
export async function checkKubelogin(): Promise<CheckResult> {
  const finding = { subject: "kubelogin", text: "is not on PATH", fix: "az aks install-cli" };
  return judged(isOnPath("kubelogin") ? [] : [finding], "on PATH");
}

/** The login may create node pools. */
export async function checkPoolRights(id: string): Promise<CheckResult> {
  const url = `${id}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
  const { value } = await az<{ value: Permission[] }>("rest", "--method", "get", "--url", url);
  return judged(rightsFindings(value, id), "may create node pools");
}

/** The pool at its largest fits into the quota. */
export async function checkQuota(
  cluster: AksCluster,
  { vmSize, poolName, maxCount }: { readonly vmSize: string; readonly poolName: string; readonly maxCount: number },
  vcpusEach: number,
): Promise<CheckResult> {
  const { location } = cluster;
  const place = ["--location", location];
  const size = ["--size", vmSize, "--resource-type", "virtualMachines"];
  const [sku] = await az<Array<{ family: string }>>("vm", "list-skus", ...place, ...size);
  const usage = await az<Usage[]>("vm", "list-usage", ...place);
  const vcpus = vcpusEach * nodesToCome(cluster, poolName, maxCount);
  return judged(
    quotaFindings(usage, sku?.family, vcpus, location),
    `${vcpus} more vCPUs of ${sku?.family ?? vmSize} fit`,
  );
}

/** Nodes that a pool at its largest adds. Existing nodes are already in the usage of the quota. */
export const nodesToCome = ({ agentPoolProfiles }: AksCluster, pool: string, maxCount: number): number =>
  Math.max(0, maxCount - (agentPoolProfiles?.find(({ name }) => name === pool)?.count ?? 0));

interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** Rights for a node pool that the permissions lack. https://learn.microsoft.com/azure/role-based-access-control/role-definitions */
export function rightsFindings(permissions: readonly Permission[], id: string): Finding[] {
  const needed = ["read", "write", "delete"].map(
    (verb) => `Microsoft.ContainerService/managedClusters/agentPools/${verb}`,
  );
  const missing = needed.filter(
    (action) =>
      !permissions.some(
        ({ actions, notActions }) =>
          actions.some((p) => matches(p, action)) && !notActions.some((p) => matches(p, action)),
      ),
  );
  return missing.length === 0
    ? []
    : [
        {
          subject: "the Azure login",
          text: `may not ${missing.join(", ")}`,
          fix: `az role assignment create --role 'Azure Kubernetes Service Contributor Role' --assignee LOGIN --scope ${id}`,
        },
      ];
}

const matches = (pattern: string, action: string): boolean =>
  new RegExp(`^${pattern.split("*").map(literal).join(".*")}$`, "i").test(action);
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

interface Usage {
  readonly name: { readonly value: string };
  readonly currentValue: number | string;
  readonly limit: number | string;
}

/** Quotas, of the machine family and of the region, that the pool at its largest exceeds. */
export function quotaFindings(
  usage: readonly Usage[],
  family: string | undefined,
  vcpus: number,
  location: string,
): Finding[] {
  return [family, "cores"].flatMap((name): Finding[] => {
    const found = usage.find((entry) => entry.name.value.toLowerCase() === name?.toLowerCase());
    const free = found && Number(found.limit) - Number(found.currentValue);
    if (free === undefined || free >= vcpus) return [];
    return [
      {
        subject: "Azure's quota",
        text: `${name} in ${location} has ${free} vCPUs left, and the pool needs ${vcpus} more at its largest`,
        fix: `ask for more (az quota update, or the portal), or lower nodePool.maxCount`,
      },
    ];
  });
}

/** The id of a planned node pool that exists, although the state does not have it. */
export async function idOfPool(
  cluster: string | undefined,
  { type, inputs = {} }: Pick<StateResource, "type" | "inputs">,
): Promise<string | undefined> {
  if (!cluster || !type.endsWith(":AgentPool")) return undefined;
  const id = `${cluster}/agentPools/${inputs.agentPoolName}`;
  return az("resource", "show", "--ids", id).then(
    () => id,
    () => undefined,
  );
}
