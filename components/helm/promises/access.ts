import type { Fields, Manifest } from "../manifest.ts";
import { added, containerPairs, pairsOf, titleOf, workloadsOf } from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

const RIGHTS =
  /^((Cluster)?Role(Binding)?|SecurityContextConstraints|PodSecurityPolicy|(Validating|Mutating)WebhookConfiguration)$/;

/** No object gives rights in the Kubernetes API, and no pod mounts a token. */
export function kubernetesRights({ own, given }: Sides): Breach[] {
  const breach = (object: string, text: string): Breach => ({
    promise: "kubernetesRights",
    object,
    text,
    fix: "remove it: no part of the stack calls the Kubernetes API; or promisesGivenUp: [kubernetesRights]",
  });
  const mounts = (pod: Fields, objects: readonly Manifest[]): boolean => {
    if (pod.automountServiceAccountToken !== undefined) return pod.automountServiceAccountToken !== false;
    const account: Fields = objects.find(
      ({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === (pod.serviceAccountName ?? "default"),
    );
    return account?.automountServiceAccountToken !== false;
  };
  return [
    ...added(own, given)
      .filter(({ kind }) => RIGHTS.test(kind))
      .map((object) => breach(titleOf(object), "gives rights in the Kubernetes API")),
    ...pairsOf(own, given)
      .filter((pair) => !mounts(pair.own.pod, own) && mounts(pair.given.pod, given))
      .map((pair) => breach(pair.given.title, "mounts a token of the Kubernetes API")),
  ];
}

/** With a registry of one's own, every image comes from there. */
export const images = ({ given, registry }: Sides): Breach[] =>
  registry === undefined
    ? []
    : workloadsOf(given).flatMap(({ title, containers }) =>
        containers
          .filter(({ image }) => !String(image).startsWith(`${registry}/`))
          .map(({ name, image }) => ({
            promise: "images" as const,
            object: title,
            text: `container ${name} uses ${image}, which is not from ${registry}`,
            fix: "mirror the image, and write its name with images.registry in front; or promisesGivenUp: [images]",
          })),
      );

/** Images of the stack's containers that the hatch replaces. */
export const otherImages = ({ own, given }: Sides): Breach[] =>
  pairsOf(own, given).flatMap((pair) =>
    containerPairs(pair)
      .filter(({ own: before, given: now }) => nameOf(before.image) !== nameOf(now.image))
      .map(({ own: before, given: now }) => ({
        promise: "programs" as const,
        object: pair.given.title,
        text: `container ${before.name} runs ${now.image} instead of ${before.image}, which the tests of this project have not seen`,
        fix: "docs/upgrading.md raises versions step by step",
      })),
  );

/** An image without its registry. */
const nameOf = (image: unknown): string => String(image).replace(/^[^/]*[.:][^/]*\//, "");

/** A workload of the stack with another placement on the nodes. */
export function everyNode({ own, given }: Sides): Breach[] {
  return pairsOf(own, given)
    .filter((pair) => pair.own.object.kind === "DaemonSet")
    .flatMap(({ own: before, given: now }) => {
      const tolerated = (before.pod.tolerations ?? []).every((entry: Fields) => has(now.pod.tolerations, entry));
      const narrower =
        Object.keys(now.pod.nodeSelector ?? {}).some(
          (key) => before.pod.nodeSelector?.[key] !== now.pod.nodeSelector[key],
        ) || JSON.stringify(before.pod.affinity) !== JSON.stringify(now.pod.affinity);
      const evictable = before.pod.priorityClassName !== now.pod.priorityClassName;
      const text = !tolerated
        ? "does not tolerate the taint of every node"
        : narrower
          ? "runs on other nodes than every Linux node"
          : `has the priority class ${now.pod.priorityClassName}: a full node evicts it, and its last lines are lost`;
      return tolerated && !narrower && !evictable
        ? []
        : [
            {
              promise: "everyNode" as const,
              object: now.title,
              text,
              fix: "alloy.exclude leaves out namespaces and pods; to leave out whole nodes: promisesGivenUp: [everyNode]",
            },
          ];
    });
}

const has = (list: readonly Fields[] | undefined, entry: Fields): boolean =>
  (list ?? []).some((other) => JSON.stringify(other) === JSON.stringify(entry));
