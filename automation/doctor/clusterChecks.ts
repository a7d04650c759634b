import {
  AuthorizationV1Api,
  CoreV1Api,
  type KubeConfig,
  KubernetesObjectApi,
  StorageV1Api,
  type V1Pod,
  type V1Secret,
} from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import { RELEASE_TYPE } from "../../components/helm/releaseType.ts";
import { MONITOR_GROUPS, MONITOR_KINDS } from "../../components/monitoring/podMonitors.ts";
import { deployedNamespace, wrongCluster } from "../../stack/rightCluster.ts";
import { apiMessage } from "../cluster/apiMessage.ts";
import { dryRun } from "../cluster/dryRun.ts";
import type { StackState, StateResource } from "../engine/stackState.ts";
import { answerFindings, placeOf } from "../explain/admission.ts";
import { podEvidence } from "../explain/clusterEvidence.ts";
import { explainPods } from "../explain/explainPods.ts";
import type { StackSettings } from "../plan/stackSettings.ts";
import { driftedSecrets, orphanedSecrets, pendingReleases } from "./brokenDeploy.ts";
import { type Check, type CheckResult, judged, ok, skipped } from "./check.ts";
import { checkGrafanaNamespaces } from "./grafanaChecks.ts";
import { checkMonitorKinds } from "./monitoringChecks.ts";
import { checkAgents, checkNodes } from "./nodeChecks.ts";

/** The cluster: whether it is the right one, its rights, storage and nodes, and what a broken deploy left in it. */
export function clusterChecks(
  kube: KubeConfig,
  settings: StackSettings,
  state: StackState | undefined,
  rendered: () => Promise<readonly Manifest[][]>,
): Check[] {
  const { args } = settings;
  const check = (name: string, run: () => Promise<CheckResult>): Check => ({
    name,
    run: () =>
      run().catch((error) => {
        const fix = "check that this machine reaches the API server, and that the login is allowed to read there";
        return judged([{ subject: name, text: apiMessage(error), fix }], "");
      }),
  });
  return [
    check("the right cluster", () => checkIdentity(kube, settings, state)),
    check("rights in the cluster", () => checkRights(kube, args)),
    check("storage class", () => checkStorageClass(kube, args.loki.storage.storageClass)),
    check("nodes for Loki", () => checkNodes(kube, args)),
    check("agents", () => checkAgents(kube)),
    check("monitoring", () => checkMonitorKinds(kube, args)),
    check("Grafana", () => checkGrafanaNamespaces(kube, args)),
    check("admission", () => checkAdmission(kube, args, rendered)),
    check("Helm releases", () => checkReleases(kube, args.namespace)),
    check("Secrets", () => checkSecrets(kube, args.cluster.name, args.namespace, state)),
    check("pods", async () => judged(explainPods(await podEvidence(kube, placeOf(args))), "none waits")),
  ];
}

/** The API server is that of the stack's cluster. */
export const checkIdentity = async (
  kube: KubeConfig,
  settings: StackSettings,
  state: StackState = {},
): Promise<CheckResult> =>
  judged(await wrongCluster(kube, settings, deployedNamespace(state)), kube.getCurrentCluster()?.server ?? "");

/** What a deploy does in the cluster: API group, resource and verb of an access review. */
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

const CILIUM_RIGHT = ["cilium.io", "ciliumnetworkpolicies", "create"] as const;

/** Rights for the monitors and alerts. */
const monitoringRights = ({ kind }: ResolvedArgs["monitoring"]) =>
  kind === "none"
    ? []
    : MONITOR_KINDS[kind].map((name) => [MONITOR_GROUPS[kind], `${name.toLowerCase()}s`, "create"] as const);

/** The login may do what a deploy does. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
export async function checkRights(
  kube: KubeConfig,
  { namespace, cluster, network, monitoring }: Pick<ResolvedArgs, "namespace" | "cluster" | "network" | "monitoring">,
): Promise<CheckResult> {
  const rights = [
    ...RIGHTS,
    ...(network.policyEngine === "cilium" ? [CILIUM_RIGHT] : []),
    ...monitoringRights(monitoring),
  ];
  const reviews = kube.makeApiClient(AuthorizationV1Api);
  const missing = await Promise.all(
    rights.map(async ([group, resource, verb]) => {
      // A namespace is not inside of a namespace.
      const place = resource === "namespaces" ? {} : { namespace };
      const body = { spec: { resourceAttributes: { group, resource, verb, ...place } } };
      const { status } = await reviews.createSelfSubjectAccessReview({ body });
      return status?.allowed ? [] : [`${verb} ${resource}`];
    }),
  );
  const denied = missing.flat();
  const role = "'Azure Kubernetes Service RBAC Cluster Admin'";
  const finding = {
    subject: "the login",
    text: `may not ${denied.join(", ")}`,
    fix: `az role assignment create --role ${role} --assignee LOGIN --scope ${cluster.resourceId ?? "CLUSTER"}`,
  };
  return judged(denied.length > 0 ? [finding] : [], "all that a deploy needs");
}

/** The cluster has the storage class of Loki's disks. */
export async function checkStorageClass(kube: KubeConfig, wanted: string): Promise<CheckResult> {
  const { items } = await kube.makeApiClient(StorageV1Api).listStorageClass();
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  const finding = {
    subject: `storage class ${wanted}`,
    text: `is not in the cluster, which has ${names.join(", ") || "none"}`,
    fix: "pulumi config set --path loki.storage.storageClass NAME, with one of these",
  };
  return judged(names.includes(wanted) ? [] : [finding], wanted);
}

/** The API server admits every workload and its pods, as they are. */
export async function checkAdmission(
  kube: KubeConfig,
  args: Pick<ResolvedArgs, "namespace" | "cluster">,
  rendered: () => Promise<readonly Manifest[][]>,
): Promise<CheckResult> {
  const objects = await rendered().catch(() => undefined);
  if (!objects) return skipped("without the charts, it is not known what would be created");
  try {
    const answers = await dryRun(kube, args.namespace, objects.flat());
    const asked = answers.namespace === args.namespace ? "" : `, asked in the namespace ${answers.namespace}`;
    return judged(answerFindings(answers, args), `all ${answers.answers.length} workloads and their pods${asked}`);
  } catch (error) {
    return skipped(`the API server could not be asked: ${apiMessage(error)}`);
  }
}

/** No Helm release was left pending. */
export const checkReleases = async (kube: KubeConfig, namespace: string): Promise<CheckResult> =>
  judged(pendingReleases(namespace, await secretsIn(kube, namespace)), "none is pending");

/** The cluster's Secrets are those of the state. */
export async function checkSecrets(
  kube: KubeConfig,
  stack: string,
  namespace: string,
  state: StackState | undefined,
): Promise<CheckResult> {
  if (!state) return ok("nothing is deployed yet");
  const live = await secretsIn(kube, namespace);
  const pods = (await kube.makeApiClient(CoreV1Api).listNamespacedPod({ namespace })).items;
  const used = new Set(pods.flatMap(secretsOf));
  const findings = [...driftedSecrets(stack, state, live), ...orphanedSecrets(namespace, state, live, used)];
  return judged(findings, "as in the state");
}

const secretsIn = async (kube: KubeConfig, namespace: string): Promise<V1Secret[]> =>
  (await kube.makeApiClient(CoreV1Api).listNamespacedSecret({ namespace })).items;

/** Names of the Secrets that a pod mounts or has in its environment. */
function secretsOf({ spec }: V1Pod): string[] {
  const mounted = (spec?.volumes ?? []).map(({ secret }) => secret?.secretName);
  const environment = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap(({ envFrom = [] }) =>
    envFrom.map(({ secretRef }) => secretRef?.name),
  );
  return [...mounted, ...environment].filter((name) => name !== undefined);
}

/** The id of a planned Kubernetes object or release that exists, although the state does not have it. */
export async function idInCluster(
  kube: KubeConfig,
  namespace: string,
  { type, inputs = {} }: Pick<StateResource, "type" | "inputs">,
): Promise<string | undefined> {
  if (type === RELEASE_TYPE) {
    const labelSelector = `owner=helm,name=${inputs.name}`;
    const { items } = await kube.makeApiClient(CoreV1Api).listNamespacedSecret({ namespace, labelSelector });
    // A pending revision is not a release yet: its record is deleted, and the next deploy takes over what it made.
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
