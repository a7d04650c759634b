import { CoreV1Api, type KubeConfig, type V1Node } from "@kubernetes/client-node";
import { parseAksResourceId } from "../../components/cluster/args.ts";
import type { Finding } from "../../components/findings.ts";
import type { AccessConfig } from "../../stack/access.ts";
import { apiMessage } from "../cluster/apiMessage.ts";
import type { StackState } from "../engine/stackState.ts";
import type { StackFile } from "../plan/stackFiles.ts";
import type { StackSettings } from "../plan/stackSettings.ts";

/** Stacks that share a bucket, or those that share the bucket of one: each would delete the other's lines by its own retention, and read them. */
export function sharedBuckets(files: readonly StackFile[], of?: string): Finding[] {
  const places = Map.groupBy(files, ({ config }) => {
    const storage = parsed(config["logging:objectStorage"]) as { endpoint?: string; bucket?: string };
    const cluster = parsed(config["logging:cluster"]) as { name?: string };
    const host = storage.endpoint && URL.canParse(storage.endpoint) ? new URL(storage.endpoint).host : storage.endpoint;
    return `${storage.bucket ?? `loki-${cluster.name}`} at ${host}`;
  });
  return [...places].flatMap(([place, sharing]) =>
    sharing.length < 2 || (of !== undefined && !sharing.some(({ stack }) => stack === of))
      ? []
      : [
          {
            subject: `bucket ${place}`,
            text: `belongs to ${sharing.map(({ stack }) => stack).join(" and ")}: each would delete and read the other's lines`,
            fix: "leave objectStorage.bucket out, and every stack has its own",
          },
        ],
  );
}

function parsed(text: string | undefined): object {
  try {
    return (JSON.parse(text ?? "{}") as object | null) ?? {};
  } catch {
    // What is wrong with it is said where the config is checked.
    return {};
  }
}

/** What the state remembers of the cluster that a stack was deployed to. */
export interface DeployedNamespace {
  readonly name: string;
  readonly uid: string;
}

/** The namespace in an exported state, where there is one. */
export function deployedNamespace({ resources = [] }: StackState): DeployedNamespace | undefined {
  const namespace = resources.find(({ type }) => type === "kubernetes:core/v1:Namespace");
  const { name, uid } = (namespace?.outputs?.metadata ?? {}) as { name?: string; uid?: string };
  return name && uid ? { name, uid } : undefined;
}

/**
 * Whether the API server that answers is the one of the stack's cluster: by the address in config, by Azure's ids on its nodes, and by
 * the namespace that an earlier deploy made there.
 */
export async function wrongCluster(
  kube: KubeConfig,
  { access, args }: StackSettings,
  deployed: DeployedNamespace | undefined,
): Promise<Finding[]> {
  const address = wrongAddress(kube.getCurrentCluster()?.server, access);
  if (address) return [address];
  const core = kube.makeApiClient(CoreV1Api);
  try {
    const { items } = await core.listNode();
    const foreign = foreignNode(items, args.cluster.resourceId);
    if (foreign) return [foreign];
    if (!deployed) return [];
    const uid = await core.readNamespace({ name: deployed.name }).then(
      ({ metadata }) => metadata?.uid,
      (error: { code?: number }) => {
        if (error.code === 404) return undefined;
        throw error;
      },
    );
    // One that is gone was deleted by hand, or never was in this cluster: the deploy makes it again, and a refresh says so.
    return uid === undefined || uid === deployed.uid
      ? []
      : [
          {
            subject: "the cluster",
            text: `has a namespace ${deployed.name} of another birth (${uid}) than the one this stack made (${deployed.uid})`,
            fix: `if it is the right cluster and the namespace was made anew: npm run deploy -- refresh --stack ${args.cluster.name}`,
          },
        ];
  } catch (error) {
    return [
      {
        subject: "the cluster",
        text: `does not answer at ${kube.getCurrentCluster()?.server}: ${apiMessage(error)}`,
        fix: "check that this machine reaches the API server (private clusters need a runner inside the network) and that the login is allowed to list nodes",
      },
    ];
  }
}

/** The API server's address against the one in config. */
export function wrongAddress(server: string | undefined, access: AccessConfig): Finding | undefined {
  if (access.method !== "kubeconfig" || access.server === undefined || sameOrigin(access.server, server))
    return undefined;
  return {
    subject: "the cluster",
    text: `context ${access.context} of ${access.path} leads to ${server}, and access.server says ${access.server}`,
    fix: "name the right context in access.context, or correct access.server",
  };
}

const sameOrigin = (a: string, b: string | undefined): boolean =>
  b !== undefined && URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;

/** A node that Azure made for another cluster. Nodes elsewhere than in Azure prove nothing. */
export function foreignNode(nodes: readonly V1Node[], resourceId: string | undefined): Finding | undefined {
  const aks = resourceId === undefined ? undefined : parseAksResourceId(resourceId);
  if (!aks) return undefined;
  // AKS's default name, which it cuts at 80 characters; a name that somebody chose says nothing.
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
      fix: "log in to, or name in access, the cluster that cluster.resourceId says",
    };
  }
  return undefined;
}
