import { type KubeConfig, KubernetesObjectApi, type V1Container, type V1Pod } from "@kubernetes/client-node";
import type { Manifest } from "../../components/helm/manifest.ts";
import { parseCpu, parseMemory } from "../../components/quantities.ts";
import { apiMessage } from "./apiMessage.ts";

/** What the API server would do with a workload or its pods. */
export interface Answer {
  /** The workload, as `DaemonSet alloy`. */
  readonly workload: string;
  /** The API server's reason to refuse the workload or its pods. */
  readonly refused?: string;
  /** Requests and limits that policies change, as `nginx: requests.memory 64Mi → 100Mi`. */
  readonly changed: readonly string[];
}

/** The answers, and the namespace that was asked: `default` while the stack's own does not exist. */
export interface Answers {
  readonly namespace: string;
  readonly answers: readonly Answer[];
}

/** A manifest's fields. No type describes them. */
// biome-ignore lint/suspicious/noExplicitAny: workloads of three kinds.
type Fields = any;

const WORKLOADS = ["DaemonSet", "Deployment", "StatefulSet"];

/**
 * Asks the API server whether it would admit workloads and their pods, with every policy of the cluster, and how it would change them.
 * Creates nothing. https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
 *
 * @param objects Rendered objects. All but workloads are left out.
 * @throws when the login may not create pods, or the API server does not answer.
 */
export async function dryRun(kube: KubeConfig, own: string, objects: readonly Manifest[]): Promise<Answers> {
  const api = KubernetesObjectApi.makeApiClient(kube);
  const exists = await api.read({ apiVersion: "v1", kind: "Namespace", metadata: { name: own } }).then(
    () => true,
    (error) => {
      if ((error as { code?: number }).code === 404) return false;
      throw error;
    },
  );
  const namespace = exists ? own : "default";
  const workloads = objects.filter(({ kind }) => WORKLOADS.includes(kind)).map(sendable);
  const answers = await Promise.all(
    workloads.map(async (workload): Promise<Answer> => {
      const name = `${workload.kind} ${workload.metadata.name}`;
      const pod = podOf(workload, namespace);
      const [whole, made] = await Promise.all([
        create(api, { ...workload, metadata: { ...workload.metadata, namespace } }),
        create(api, pod),
      ]);
      const refused = whole.refused ?? made.refused;
      const changed = made.object ? changedResources(pod, made.object as V1Pod) : [];
      return { workload: name, ...(refused !== undefined && { refused }), changed };
    }),
  );
  return { namespace, answers };
}

/** Placeholders of names that Pulumi generates, as names that Kubernetes accepts. */
const sendable = (manifest: Manifest): Manifest =>
  JSON.parse(JSON.stringify(manifest).replaceAll(/\[(auto|secret)[^\]]*\]/g, "$1")) as Manifest;

/** A pod of a workload, as its controller creates it. Without its service account, which may not exist yet. */
export function podOf(workload: Manifest, namespace: string): Fields {
  const { template, volumeClaimTemplates = [] } = (workload as Fields).spec;
  const { serviceAccountName: _, serviceAccount: __, volumes = [], ...spec } = structuredClone(template.spec);
  const claims = volumeClaimTemplates.map(({ metadata: { name } }: Fields) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${workload.metadata.name}-0` },
  }));
  const { labels, annotations } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${workload.metadata.name}-dry-run`, namespace, labels, annotations },
    spec: { ...spec, volumes: [...volumes, ...claims] },
  };
}

/** Creates an object in a dry run. */
async function create(api: KubernetesObjectApi, object: Fields): Promise<{ object?: unknown; refused?: string }> {
  try {
    return { object: await api.create(object, undefined, "All") };
  } catch (error) {
    const { code } = error as { code?: number };
    const message = apiMessage(error);
    // It is there already. Policies are asked first, so they admit it.
    if (code === 409) return {};
    // A webhook with side effects cannot be asked.
    if (/does not support dry run/.test(message)) return {};
    if (code === undefined || code === 401 || code >= 500 || /cannot (create|patch) resource/.test(message))
      throw error;
    return { refused: message };
  }
}

/** Requests and limits of a pod that differ from what was sent. */
export function changedResources(sent: V1Pod, admitted: V1Pod): string[] {
  const after = new Map((admitted.spec?.containers ?? []).map((container) => [container.name, container]));
  return (sent.spec?.containers ?? []).flatMap((container) => {
    const now = after.get(container.name);
    return now ? changesOf(container, now) : [];
  });
}

const QUANTITIES = { cpu: parseCpu, memory: parseMemory } as const;

function changesOf(before: V1Container, after: V1Container): string[] {
  return (["requests", "limits"] as const).flatMap((kind) =>
    (["cpu", "memory"] as const).flatMap((resource) => {
      const [old, now] = [before.resources?.[kind]?.[resource], after.resources?.[kind]?.[resource]];
      const same = old !== undefined && now !== undefined && QUANTITIES[resource](old) === QUANTITIES[resource](now);
      return same || old === now ? [] : [`${before.name}: ${kind}.${resource} ${old ?? "none"} → ${now ?? "none"}`];
    }),
  );
}
