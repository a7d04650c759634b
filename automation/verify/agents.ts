import type { CoreV1Api, V1Node, V1Pod } from "@kubernetes/client-node";
import { ALLOY_RELEASE } from "../../components/releaseNames.ts";
import { agentNodes, architecture } from "../cluster/agentNodes.ts";
import { apiMessage } from "../cluster/apiMessage.ts";

/** Where Alloy runs, as text. */
export interface Agents {
  /** Nodes with an agent, and the names of those without one. */
  readonly covered: string;
  /** Agents that are not ready, with their node, its processor and the reason. Empty if all are. */
  readonly waiting: string;
}

/** Reads where Alloy runs. A login that may not list nodes can still verify the rest. */
export async function readAgents(core: CoreV1Api, namespace: string): Promise<Agents> {
  // Without the pod that sends Kubernetes events.
  const labelSelector = ["name", "instance"].map((of) => `app.kubernetes.io/${of}=${ALLOY_RELEASE}`).join(",");
  try {
    const [nodes, pods] = await Promise.all([core.listNode(), core.listNamespacedPod({ namespace, labelSelector })]);
    return agentsOn(nodes.items, pods.items);
  } catch (error) {
    if ((error as { code?: number }).code !== 403) throw error;
    return { covered: `not known: ${apiMessage(error)}`, waiting: "" };
  }
}

/** Where Alloy runs, from nodes and Alloy's pods. */
export function agentsOn(nodes: readonly V1Node[], pods: readonly V1Pod[]): Agents {
  const { linux, without } = agentNodes(nodes);
  const byNode = new Map(pods.map((pod) => [pod.spec?.nodeName, pod]));
  const lacking = linux.filter(({ metadata }) => !byNode.has(metadata?.name)).map(({ metadata }) => metadata?.name);
  const waiting = linux.flatMap((node) => {
    const pod = byNode.get(node.metadata?.name);
    return pod && !isReady(pod) ? [`${node.metadata?.name} (${architecture(node)})${reasonOf(pod)}`] : [];
  });
  const covered = [
    `on ${linux.length - lacking.length} of ${linux.length} Linux nodes`,
    ...(lacking.length > 0 ? [`none on ${lacking.join(", ")}: alloy.values keeps it off`] : []),
    ...without,
  ];
  return { covered: covered.join("; "), waiting: waiting.join(", ") };
}

const isReady = ({ status }: V1Pod): boolean => status?.containerStatuses?.every(({ ready }) => ready) ?? false;

function reasonOf({ status }: V1Pod): string {
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
  return waiting?.reason ? `: ${[waiting.reason, waiting.message].filter(Boolean).join(", ")}` : "";
}
