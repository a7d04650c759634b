import type { V1Node } from "@kubernetes/client-node";
import { HOSTED_BY_AKS } from "../../components/alloy/values.ts";

/** The nodes of a cluster, as Alloy's DaemonSet sees them. */
export interface AgentNodes {
  /** Nodes that get an agent. */
  readonly linux: readonly V1Node[];
  /** Why other nodes get none, with their names. */
  readonly without: readonly string[];
}

const label = ({ metadata }: V1Node, key: string): string | undefined => metadata?.labels?.[key];

/** A node's processor architecture: `amd64`, `arm64`. */
export const architecture = (node: V1Node): string =>
  label(node, "kubernetes.io/arch") ?? node.status?.nodeInfo?.architecture ?? "amd64";

/** Nodes that Alloy's affinity excludes, with the reason. */
const EXCLUDED: ReadonlyArray<readonly [kind: string, is: (node: V1Node) => boolean]> = [
  ["virtual nodes, which have no disk", (node) => label(node, "type") === "virtual-kubelet"],
  ["Windows nodes, for which Alloy's chart has no image", (node) => label(node, "kubernetes.io/os") === "windows"],
  ["nodes of AKS itself, which only AKS may use", (node) => label(node, HOSTED_BY_AKS) === "true"],
];

/** Tells the nodes apart that get an agent. */
export function agentNodes(nodes: readonly V1Node[]): AgentNodes {
  const kindOf = (node: V1Node): string | undefined => EXCLUDED.find(([, is]) => is(node))?.[0];
  const groups = Map.groupBy(nodes, kindOf);
  return {
    linux: groups.get(undefined) ?? [],
    without: EXCLUDED.flatMap(([kind]) => {
      const names = groups.get(kind)?.map(({ metadata }) => metadata?.name);
      return names ? [`none on ${kind}: ${names.join(", ")}`] : [];
    }),
  };
}
