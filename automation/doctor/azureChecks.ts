import { parseAksResourceId } from "../../components/cluster/args.ts";
import type { Finding } from "../../components/findings.ts";
import type { StateResource } from "../engine/state.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import type { StackSettings } from "../plan/stackSettings.ts";
import { type ProgramError, runProgram } from "../runProgram.ts";
import { type Check, judged, ok, skipped } from "./check.ts";

/** Azure through its own CLI: login, rights, the cluster's policy engine, quota. None where the cluster is not Azure's. */
export function azureChecks({ args, access }: StackSettings): Check[] {
  const id = args.cluster.resourceId;
  const aks = id === undefined ? undefined : parseAksResourceId(id);
  if (!id || !aks) return [];
  const checks: Check[] = [
    check("Azure login", async () => {
      const account = (await az("account", "show")) as { user?: { name?: string } };
      return judged([], `${account.user?.name ?? "somebody"}`);
    }),
    check("AKS cluster", async () => {
      const cluster = (await az("aks", "show", "--ids", id)) as AksCluster;
      return judged(
        clusterFindings(cluster, args.network.policyEngine),
        `${cluster.provisioningState}, network policy ${cluster.networkProfile?.networkPolicy ?? "none"}`,
      );
    }),
  ];
  if (access.method === "aks")
    checks.push({
      name: "kubelogin",
      async run() {
        try {
          await runProgram("kubelogin", ["--version"]);
        } catch (error) {
          if ((error as ProgramError).reason === "missing")
            return judged([{ subject: "kubelogin", text: "is not on PATH", fix: "az aks install-cli" }], "");
        }
        return ok("on PATH");
      },
    });
  const pool = args.nodePool.created;
  if (!pool) return checks;
  checks.push(
    check("rights on the cluster", async () => {
      const { value } = (await az(
        "rest",
        "--method",
        "get",
        "--url",
        `${id}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`,
      )) as { value: Permission[] };
      return judged(rightsFindings(value, id), "may make node pools");
    }),
    check("quota", async () => {
      const cluster = (await az("aks", "show", "--ids", id)) as AksCluster;
      const { location } = cluster;
      const [sku] = (await az(
        "vm",
        "list-skus",
        "--location",
        location,
        "--size",
        pool.vmSize,
        "--resource-type",
        "virtualMachines",
      )) as Array<{ family: string }>;
      const usage = (await az("vm", "list-usage", "--location", location)) as Usage[];
      const vcpus = (args.nodePool.size?.vm.cpu ?? 0) * nodesToCome(cluster, pool.poolName, pool.maxCount);
      return judged(
        quotaFindings(usage, sku?.family, vcpus, location),
        `${vcpus} more vCPUs of ${sku?.family ?? pool.vmSize} fit`,
      );
    }),
  );
  return checks;
}

interface AksCluster {
  readonly location: string;
  readonly provisioningState: string;
  readonly networkProfile?: { readonly networkPolicy?: string | null };
  readonly agentPoolProfiles?: ReadonlyArray<{ readonly name: string; readonly count: number }> | null;
}

/** Nodes that a pool does not have yet at its largest: those that it has are in the quota's usage already. */
export const nodesToCome = ({ agentPoolProfiles }: AksCluster, pool: string, maxCount: number): number =>
  Math.max(0, maxCount - (agentPoolProfiles?.find(({ name }) => name === pool)?.count ?? 0));

/** The cluster's own word on what the config says of it. */
export function clusterFindings(cluster: AksCluster, policyEngine: string | undefined): Finding[] {
  const findings: Finding[] = [];
  if (cluster.provisioningState !== "Succeeded")
    findings.push({
      subject: "the AKS cluster",
      text: `is ${cluster.provisioningState}: Azure refuses changes to its pools meanwhile`,
      fix: "wait until az aks show --query provisioningState prints Succeeded; after a failed operation, az aks update",
    });
  const engine = cluster.networkProfile?.networkPolicy ?? "none";
  if (policyEngine !== undefined && policyEngine !== engine)
    findings.push({
      subject: "network.policyEngine",
      text: `says ${policyEngine}, and the cluster has ${engine}${engine === "none" ? ": NetworkPolicies are not enforced" : ""}`,
      fix: `pulumi config set --path network.policyEngine ${engine}, or az aks update --network-policy ${policyEngine}`,
    });
  return findings;
}

interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** Whether some of the permissions allow what a node pool needs. https://learn.microsoft.com/azure/role-based-access-control/role-definitions */
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

/** Whether the pool at its largest fits into the quota of its family and of the region. */
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

/** Id of a node pool that a killed deploy may have made without the state's knowledge, if it is there. */
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

/** What `az` prints as JSON. */
const az = async (...args: string[]): Promise<unknown> =>
  JSON.parse(await runProgram("az", [...args, "--output", "json"]));

function check(name: string, run: Check["run"]): Check {
  return {
    name,
    async run() {
      try {
        return await run();
      } catch (error) {
        const { reason, message } = error as ProgramError;
        if (reason === "missing")
          return skipped("az is not on PATH (https://learn.microsoft.com/cli/azure/install-azure-cli)");
        const known = explainErrors([message]);
        return judged(
          known.length > 0
            ? known
            : [{ subject: name, text: message.split("\n")[0] ?? "", fix: "az login, then try again" }],
          "",
        );
      }
    },
  };
}
