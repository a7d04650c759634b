import { CoreV1Api, CustomObjectsApi, type KubeConfig, type V1Node } from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import { type AgentNodes, agentNodes } from "../cluster/agentNodes.ts";
import { type CheckResult, judged, ok } from "./check.ts";
import {
  canCreate,
  type KarpenterPool,
  karpenterFindings,
  type NodeTaint,
  taintLines,
  taintText,
  untolerated,
} from "./karpenterPools.ts";

/** Taints that come and go with the state of a node. */
const PASSING =
  /^(node\.kubernetes\.io|node\.cloudprovider\.kubernetes\.io|node\.cilium\.io|karpenter\.sh|startup-taint\.cluster-autoscaler\.kubernetes\.io)\/|^(ToBeDeletedBy|DeletionCandidateOf)ClusterAutoscaler$/;

/**
 * There are nodes for Loki, or something that creates them: a pool that the stack creates does not exist before the first deploy, and
 * Karpenter creates no node before a pod waits for it.
 */
export async function checkNodes(
  kube: KubeConfig,
  args: Pick<ResolvedArgs, "nodePool" | "network">,
): Promise<CheckResult> {
  const { mode, nodeSelector } = args.nodePool;
  const labelSelector = selectorText(nodeSelector);
  const { items } = await kube.makeApiClient(CoreV1Api).listNode({ ...(labelSelector && { labelSelector }) });
  if (mode !== "existing") return ok(`${items.length} of ${labelSelector || "any kind"}`);
  const all = await karpenterPools(kube);
  const pools = all.filter((pool) => Object.entries(nodeSelector).every(([key, value]) => canCreate(pool, key, value)));
  const findings = [...pools.flatMap((pool) => karpenterFindings(pool, args)), ...taintedNodes(items, args)];
  if (items.length === 0 && pools.length === 0)
    findings.push({
      subject: "nodes for Loki",
      text: `none has the label ${labelSelector}${all.length > 0 ? `, and no NodePool of Karpenter creates one (${all.map(({ metadata }) => metadata.name).join(", ")})` : ""}`,
      fix: `kubectl get nodes --show-labels; correct nodePool.label${all.length > 0 ? ", or create a NodePool with it: docs/node-auto-provisioning.md" : ""}`,
    });
  const names = pools.map(({ metadata }) => metadata.name).join(", ");
  return judged(findings, `${items.length} of ${labelSelector}${names && `; NodePool ${names} creates more`}`);
}

const selectorText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");

/** NodePools of Karpenter. Most clusters do not have the kind. */
async function karpenterPools(kube: KubeConfig): Promise<readonly KarpenterPool[]> {
  const kind = { group: "karpenter.sh", version: "v1", plural: "nodepools" };
  try {
    const { items } = await kube.makeApiClient(CustomObjectsApi).listClusterCustomObject(kind);
    return items as readonly KarpenterPool[];
  } catch (error) {
    if ((error as { code?: number }).code === 404) return [];
    throw error;
  }
}

/** Taints that keep Loki off every node that there is. */
function taintedNodes(nodes: readonly V1Node[], { nodePool }: Pick<ResolvedArgs, "nodePool">) {
  const kept = nodes.map(({ spec }) =>
    untolerated(
      ((spec?.taints ?? []) as NodeTaint[]).filter(({ key }) => !PASSING.test(key)),
      nodePool,
    ),
  );
  if (kept.length === 0 || kept.some((taints) => taints.length === 0)) return [];
  const distinct = [...new Map(kept.flat().map((taint) => [taintText(taint), taint])).values()];
  return [
    {
      subject: "nodes for Loki",
      text: `all ${nodes.length} have taints that Loki's pods do not tolerate: ${distinct.map(taintText).join(", ")}`,
      fix: taintLines(distinct),
    },
  ];
}

/** Which nodes get an agent, and the names of those that get none. */
export async function checkAgents(kube: KubeConfig): Promise<CheckResult> {
  const { items } = await kube.makeApiClient(CoreV1Api).listNode();
  return ok(agentText(agentNodes(items)));
}

const agentText = ({ linux, without }: AgentNodes): string => [`on ${linux.length} Linux nodes`, ...without].join("; ");
