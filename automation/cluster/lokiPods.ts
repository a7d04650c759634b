import type { CoreV1Api } from "@kubernetes/client-node";

/** Names of the ready pods of a part of Loki's release, by its label: `write`, `gateway`. @throws when there is none. */
export async function readyPods(core: CoreV1Api, namespace: string, part: string): Promise<[string, ...string[]]> {
  const { items } = await core.listNamespacedPod({
    namespace,
    labelSelector: `app.kubernetes.io/component=${part},app.kubernetes.io/name=loki`,
  });
  const [first, ...others] = items
    .filter(({ status }) => status?.containerStatuses?.every(({ ready }) => ready))
    .flatMap(({ metadata }) => metadata?.name ?? []);
  if (!first) throw new Error(`no ready pod of ${part} in namespace ${namespace}: has the stack been deployed?`);
  return [first, ...others];
}
