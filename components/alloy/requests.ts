import { type ContainerResources, type Quantities, requested } from "../quantities.ts";
import { OLD_BUFFER_RESOURCES } from "./oldBuffer/containers.ts";

/**
 * What Alloy's pod reserves on each node.
 *
 * @param resources of Alloy's own container.
 * @param admitted Requests of one container as the cluster admits them. Default: as written.
 */
export function agentRequests(
  resources: Pick<ContainerResources, "requests">,
  admitted = (requests: Quantities): Quantities => requests,
): Quantities {
  const [own, oldBuffer] = [admitted(requested(resources)), admitted(requested(OLD_BUFFER_RESOURCES))];
  return { cpu: own.cpu + oldBuffer.cpu, memory: own.memory + oldBuffer.memory };
}
