import { type ContainerResources, type Quantities, requested } from "../quantities.ts";
import { JOURNAL_RESOURCES } from "./journal/args.ts";
import { OLD_BUFFER_RESOURCES } from "./oldBuffer/containers.ts";

/**
 * What Alloy's pod reserves on each node.
 *
 * @param resources of Alloy's own container.
 * @param admitted Requests of one container as the cluster admits them. Default: as written.
 * @param journal Whether a container reads the node's journal. Default: false.
 */
export function agentRequests(
  resources: Pick<ContainerResources, "requests">,
  admitted = (requests: Quantities): Quantities => requests,
  journal = false,
): Quantities {
  const containers = [resources, OLD_BUFFER_RESOURCES, ...(journal ? [JOURNAL_RESOURCES] : [])];
  const each = containers.map((container) => admitted(requested(container)));
  return {
    cpu: each.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: each.reduce((sum, { memory }) => sum + memory, 0),
  };
}
