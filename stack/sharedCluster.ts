import type { StackFile } from "../automation/plan/stackFiles.ts";
import type { Finding } from "../components/findings.ts";
import { groupOf } from "./otherStackFiles.ts";

/**
 * Other stacks that name the cluster of a stack, as a copied file does. Their collectors would share each node's `/var/lib/alloy`, and
 * their releases the namespace.
 *
 * @param resourceId `cluster.resourceId`. Azure's ids do not depend on upper and lower case.
 */
export function sharedCluster(
  stack: string,
  resourceId: string | undefined,
  others: readonly StackFile[],
): Finding | undefined {
  if (resourceId === undefined) return undefined;
  const [other] = others.filter((file) => isSame(groupOf(file, "cluster").resourceId, resourceId));
  if (!other) return undefined;
  return {
    subject: "cluster.resourceId",
    given: resourceId,
    text: `a cluster that no other stack has: Pulumi.${other.stack}.yaml names it too`,
    fix: `in the file with the wrong cluster, write what \`az aks show --query id -o tsv\` prints for ${stack}, or for ${other.stack}`,
  };
}

const isSame = (a: unknown, b: string): boolean => String(a).toLowerCase() === b.toLowerCase();
