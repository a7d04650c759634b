import { CoreV1Api, type KubeConfig, type V1Node } from "@kubernetes/client-node";
import { apiMessage } from "../automation/cluster/apiMessage.ts";
import { apiWithin } from "../automation/cluster/clusterApi.ts";
import type { StackState } from "../automation/engine/stackState.ts";
import type { ResolvedArgs } from "../components/args.ts";
import { parseAksResourceId } from "../components/cluster/args.ts";
import type { Finding } from "../components/findings.ts";
import type { AccessConfig } from "./access.ts";

/** Time that the API server has for its answers. */
const ANSWER_SECONDS = 30;

/** A stack's access to its cluster, and the cluster that it belongs to. */
export interface StackCluster {
  readonly access: AccessConfig;
  readonly args: Pick<ResolvedArgs, "cluster">;
}

/** The namespace that the last deploy created, as the state recorded it. */
export interface DeployedNamespace {
  readonly name: string;
  readonly uid: string;
}

/** The namespace in an exported state, if there is one. */
export function deployedNamespace({ resources = [] }: StackState): DeployedNamespace | undefined {
  const namespace = resources.find(({ type }) => type === "kubernetes:core/v1:Namespace");
  const { name, uid } = (namespace?.outputs?.metadata ?? {}) as { name?: string; uid?: string };
  return name && uid ? { name, uid } : undefined;
}

/**
 * Checks that the API server is that of the stack's cluster. Compares its address with `access.server`, the Azure ids of its nodes with
 * `cluster.resourceId`, and the UID of the namespace with that of the last deploy, if given.
 *
 * @returns no finding if it is. An API server that does not answer within 30 seconds is a finding.
 */
export async function wrongCluster(
  kube: KubeConfig,
  { access, args }: StackCluster,
  deployed?: DeployedNamespace,
): Promise<Finding[]> {
  const { name, resourceId } = args.cluster;
  const address = wrongAddress(kube.getCurrentCluster()?.server, access);
  if (address) return [address];
  return ask(kube, async (core) => {
    const { items } = await core.listNode();
    return foreignNode(items, resourceId) ?? (deployed && recreatedNamespace(core, name, deployed));
  });
}

/** Checks the namespace alone, once `wrongCluster` has checked the rest. */
export const wrongNamespace = (kube: KubeConfig, stack: string, deployed: DeployedNamespace): Promise<Finding[]> =>
  ask(kube, (core) => recreatedNamespace(core, stack, deployed));

/** Asks the API server. An error, or no answer in time, is the finding. */
async function ask(kube: KubeConfig, question: (core: CoreV1Api) => Promise<Finding | undefined>): Promise<Finding[]> {
  const signal = AbortSignal.timeout(ANSWER_SECONDS * 1000);
  try {
    // The signal ends requests. A login program such as kubelogin does not know it, and may wait for longer.
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error(`no answer within ${ANSWER_SECONDS} seconds`)));
    });
    const finding = await Promise.race([question(apiWithin(kube, CoreV1Api, signal)), late]);
    return finding ? [finding] : [];
  } catch (error) {
    return [
      {
        subject: "the cluster",
        text: `does not answer at ${kube.getCurrentCluster()?.server}: ${apiMessage(error)}`,
        fix: "check that this machine reaches the API server (a private cluster needs a runner inside its network) and that the login may list nodes",
      },
    ];
  }
}

async function recreatedNamespace(
  core: CoreV1Api,
  stack: string,
  { name, uid }: DeployedNamespace,
): Promise<Finding | undefined> {
  let found: string | undefined;
  try {
    found = (await core.readNamespace({ name })).metadata?.uid;
  } catch (error) {
    if ((error as { code?: number }).code !== 404) throw error;
  }
  // If it is gone, it was deleted by hand. The deploy creates it again, and a refresh reports it.
  if (found === undefined || found === uid) return undefined;
  return {
    subject: "the cluster",
    text: `namespace ${name} has UID ${found}; this stack created it with UID ${uid}: it was recreated, or this is another cluster`,
    fix: `if it is the right cluster: npm run deploy -- refresh --stack ${stack}`,
  };
}

/** Compares the API server's address with `access.server`. */
export function wrongAddress(server: string | undefined, access: AccessConfig): Finding | undefined {
  if (access.method !== "kubeconfig" || access.server === undefined || sameOrigin(access.server, server))
    return undefined;
  return {
    subject: "the cluster",
    text: `context ${access.context} of ${access.path} leads to ${server}, but access.server is ${access.server}`,
    fix: "name the right context in access.context, or correct access.server",
  };
}

const sameOrigin = (a: string, b: string | undefined): boolean =>
  b !== undefined && URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;

/** A node that Azure created for another cluster. Nodes outside Azure prove nothing. */
export function foreignNode(nodes: readonly V1Node[], resourceId: string | undefined): Finding | undefined {
  const aks = resourceId === undefined ? undefined : parseAksResourceId(resourceId);
  if (!aks) return undefined;
  // AKS's default name, which it cuts at 80 characters. A resource group with a name of the user's choice proves nothing.
  const own = `mc_${aks.resourceGroupName}_${aks.resourceName}_`.slice(0, 80).toLowerCase();
  for (const { spec, metadata } of nodes) {
    const [, subscription, group] =
      /^azure:\/\/\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\//i.exec(spec?.providerID ?? "") ?? [];
    if (subscription === undefined || group === undefined) continue;
    const foreign =
      subscription.toLowerCase() !== aks.subscriptionId.toLowerCase() ||
      (group.toLowerCase().startsWith("mc_") && !group.toLowerCase().startsWith(own));
    if (!foreign) continue;
    return {
      subject: "the cluster",
      text: `node ${metadata?.name} is in ${group} of subscription ${subscription}; it is not a node of ${resourceId}`,
      fix: "log in to the cluster of cluster.resourceId, or name that cluster in access",
    };
  }
  return undefined;
}
