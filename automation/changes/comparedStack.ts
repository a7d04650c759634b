import { clusterArgs } from "../../components/cluster/args.ts";
import { admitted } from "../../components/cluster/safeguards.ts";
import { COMPONENT_TYPE } from "../../components/componentType.ts";
import { nodePoolArgs } from "../../components/nodePool/args.ts";
import type { PoolSize } from "../../components/nodePool/capacity.ts";
import { poolSize } from "../../components/nodePool/placement.ts";
import { AZURE_VM_SIZES } from "../../components/nodePool/vmSizes.ts";
import type { RenderedRelease } from "../plan/renderStack.ts";

/** A stack on one side of a comparison, from the offline plan or from the engine. */
export interface ComparedStack {
  readonly resources: readonly ComparedResource[];
  readonly releases: readonly RenderedRelease[];
}

/** A resource of a compared stack. */
export interface ComparedResource {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * The logging pool at its largest, or `undefined` if its size is not known. From the component's arguments; for versions that did not
 * record them, from the created pool.
 */
export function loggingPool(resources: readonly ComparedResource[]): PoolSize | undefined {
  const component = resources.find(({ type }) => type === COMPONENT_TYPE);
  const { data } = nodePoolArgs.safeParse(component?.inputs.nodePool);
  if (data) return poolSize(data);
  const created = createdPool(resources);
  const vm = AZURE_VM_SIZES.get(String(created?.vmSize));
  return created && vm && { vm, maxPods: Number(created.maxPods), nodes: Number(created.maxCount ?? created.count) };
}

/** Inputs of the node pool that the stack creates. */
export const createdPool = (resources: readonly ComparedResource[]): ComparedResource["inputs"] | undefined =>
  resources.find(({ type }) => type.endsWith(":AgentPool"))?.inputs;

/** What AKS does to the requests of a stack's pods, from the component's arguments. */
export function admittedRequests(resources: readonly ComparedResource[]): ReturnType<typeof admitted> {
  const component = resources.find(({ type }) => type === COMPONENT_TYPE);
  const { data } = clusterArgs.safeParse(component?.inputs.cluster);
  return admitted(data?.safeguards ?? "none");
}
