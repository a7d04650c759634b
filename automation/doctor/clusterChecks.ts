import {
  AuthorizationV1Api,
  CoreV1Api,
  type KubeConfig,
  KubernetesObjectApi,
  StorageV1Api,
  type V1Secret,
} from "@kubernetes/client-node";
import type { Finding } from "../../components/findings.ts";
import { apiMessage } from "../cluster/apiMessage.ts";
import { deployedNamespace, wrongCluster } from "../deploy/guards.ts";
import type { StackState, StateResource } from "../engine/state.ts";
import { podEvidence } from "../explain/clusterEvidence.ts";
import { explainPods } from "../explain/explainPods.ts";
import { RELEASE_TYPE } from "../plan/releases.ts";
import type { StackSettings } from "../plan/stackSettings.ts";
import { driftedSecrets, orphanedSecrets, pendingReleases } from "./brokenDeploy.ts";
import { type Check, judged, ok } from "./check.ts";

/** What a deploy does in the cluster, as the API server is asked about it. */
const RIGHTS = [
  ["", "namespaces", "create"],
  ["", "secrets", "create"],
  ["", "configmaps", "create"],
  ["", "services", "create"],
  ["apps", "statefulsets", "create"],
  ["apps", "daemonsets", "create"],
  ["rbac.authorization.k8s.io", "clusterroles", "create"],
  ["networking.k8s.io", "networkpolicies", "create"],
  ["policy", "poddisruptionbudgets", "create"],
] as const;

/** The cluster: the right one, its rights and storage, and what a broken deploy left there. */
export function clusterChecks(kube: KubeConfig, settings: StackSettings, state: StackState | undefined): Check[] {
  const { args } = settings;
  const { namespace } = args;
  const stack = args.cluster.name;
  const core = kube.makeApiClient(CoreV1Api);
  const check = (name: string, run: Check["run"]): Check => ({
    name,
    async run() {
      try {
        return await run();
      } catch (error) {
        const fix = "check that this machine reaches the API server, and that the login is allowed to read there";
        return judged([{ subject: name, text: apiMessage(error), fix }], "");
      }
    },
  });
  const secrets = async (): Promise<V1Secret[]> => (await core.listNamespacedSecret({ namespace })).items;
  return [
    check("the right cluster", async () =>
      judged(
        await wrongCluster(kube, settings, deployedNamespace(state ?? {})),
        kube.getCurrentCluster()?.server ?? "",
      ),
    ),
    check("rights in the cluster", async () => {
      const reviews = kube.makeApiClient(AuthorizationV1Api);
      const denied = await Promise.all(
        RIGHTS.map(async ([group, resource, verb]) => {
          const body = {
            spec: {
              resourceAttributes: {
                group,
                resource,
                verb,
                ...(group === "" && resource === "namespaces" ? {} : { namespace }),
              },
            },
          };
          const { status } = await reviews.createSelfSubjectAccessReview({ body });
          return status?.allowed ? [] : [`${verb} ${resource}`];
        }),
      );
      const missing = denied.flat();
      const findings: Finding[] =
        missing.length > 0
          ? [
              {
                subject: "the login",
                text: `may not ${missing.join(", ")}`,
                fix: `az role assignment create --role 'Azure Kubernetes Service RBAC Cluster Admin' --assignee LOGIN --scope ${args.cluster.resourceId ?? "CLUSTER"}`,
              },
            ]
          : [];
      return judged(findings, "all that a deploy needs");
    }),
    check("storage class", async () => {
      const { items } = await kube.makeApiClient(StorageV1Api).listStorageClass();
      const names = items.map(({ metadata }) => metadata?.name ?? "");
      const wanted = args.loki.storageClass;
      return judged(
        names.includes(wanted)
          ? []
          : [
              {
                subject: `storage class ${wanted}`,
                text: `is not in the cluster, which has ${names.join(", ") || "none"}`,
                fix: "pulumi config set --path loki.storage.storageClass NAME, with one of these",
              },
            ],
        wanted,
      );
    }),
    check("nodes for Loki", async () => {
      const labelSelector = Object.entries(args.nodePool.nodeSelector)
        .map(([key, value]) => `${key}=${value}`)
        .join(",");
      const { items } = await core.listNode({ ...(labelSelector && { labelSelector }) });
      // A pool that the stack makes is not there before the first deploy.
      if (items.length === 0 && args.nodePool.mode !== "create")
        return judged(
          [
            {
              subject: "nodes for Loki",
              text: `none has the label ${labelSelector}`,
              fix: "kubectl get nodes --show-labels; correct nodePool.label",
            },
          ],
          "",
        );
      return ok(`${items.length} of ${labelSelector || "any kind"}`);
    }),
    check("Helm releases", async () => judged(pendingReleases(namespace, await secrets()), "none is pending")),
    check("Secrets", async () => {
      if (!state) return ok("nothing is deployed yet");
      const [live, pods] = [await secrets(), (await core.listNamespacedPod({ namespace })).items];
      const used = new Set(
        pods.flatMap(({ spec }) => [
          ...(spec?.volumes ?? []).map(({ secret }) => secret?.secretName ?? ""),
          ...[...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap(({ envFrom = [] }) =>
            envFrom.map(({ secretRef }) => secretRef?.name ?? ""),
          ),
        ]),
      );
      return judged(
        [...driftedSecrets(stack, state, live), ...orphanedSecrets(namespace, state, live, used)],
        "as in the state",
      );
    }),
    check("pods", async () => judged(explainPods(await podEvidence(kube, namespace)), "none waits")),
  ];
}

/** Id of an object or a release that a killed deploy may have made without the state's knowledge, if it is there. */
export async function idInCluster(
  kube: KubeConfig,
  namespace: string,
  { type, inputs = {} }: Pick<StateResource, "type" | "inputs">,
): Promise<string | undefined> {
  if (type === RELEASE_TYPE) {
    const labelSelector = `owner=helm,name=${inputs.name}`;
    const { items } = await kube.makeApiClient(CoreV1Api).listNamespacedSecret({ namespace, labelSelector });
    // A pending one is no release yet: its record goes, and the next deploy takes over what it had made.
    const installed = items.some(({ metadata }) => ["deployed", "failed"].includes(metadata?.labels?.status ?? ""));
    return installed ? `${namespace}/${inputs.name}` : undefined;
  }
  const [, group, version, kind] = /^kubernetes:([^/]+)\/([^:]+):(.+)$/.exec(type) ?? [];
  const metadata = inputs.metadata as { name?: string; namespace?: string } | undefined;
  if (!kind || !metadata?.name) return undefined;
  const apiVersion = group === "core" ? `${version}` : `${group}/${version}`;
  const header = { name: metadata.name, namespace: metadata.namespace ?? "" };
  return KubernetesObjectApi.makeApiClient(kube)
    .read({ apiVersion, kind, metadata: header })
    .then(
      () => (metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name),
      () => undefined,
    );
}
