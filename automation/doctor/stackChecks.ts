import type { KubeConfig } from "@kubernetes/client-node";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { COMPONENT_TYPE } from "../../components/componentType.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import { connect } from "../cluster/clusterApi.ts";
import { chartLogin } from "../engine/stackPreview.ts";
import type { StackState, StateResource } from "../engine/stackState.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import type { MinioKeys } from "../explain/minioEvidence.ts";
import { helmTemplates } from "../plan/helmTemplate.ts";
import { planOffline } from "../plan/offlinePlan.ts";
import { releasesOf } from "../plan/releases.ts";
import { readStackFile } from "../plan/stackFiles.ts";
import { type StackSettings, stackSettings } from "../plan/stackSettings.ts";
import { azureChecks, idOfPool } from "./azureChecks.ts";
import { type Check, judged, known, once } from "./check.ts";
import { clusterChecks, idInCluster } from "./clusterChecks.ts";
import { idOfBucket, minioChecks } from "./minioChecks.ts";
import { promiseCheck } from "./promiseCheck.ts";
import { type Engine, openEngine, pulumiChecks, stateChecks } from "./pulumiChecks.ts";
import { sourceChecks } from "./sourceChecks.ts";

/**
 * All checks of a stack, in the order in which their findings should be fixed.
 *
 * @throws {InvalidArgumentsError} when the config is refused: nothing else could be checked.
 */
export async function stackChecks(stack: string): Promise<Check[]> {
  const settings = await stackSettings(stack);
  const { args } = settings;
  const { resources } = await planOffline(readStackFile(stack));
  const engine = await openEngine(stack);
  const { handle, state }: Partial<Engine> = "missing" in engine ? {} : engine;
  const admin = await minioAdmin(handle);
  const releases = releasesOf(resources);
  const login = handle && (await chartLogin(handle).catch(() => undefined));
  const rendered = once(() => helmTemplates(releases, login));
  const { kube, checks: cluster } = await openCluster(settings, state, rendered);
  const idOf = async (resource: Pick<StateResource, "type" | "inputs">): Promise<string | undefined> =>
    (kube && (await idInCluster(kube, args.namespace, resource))) ??
    (await idOfBucket(args.objectStorage, admin, resource)) ??
    (await idOfPool(args.cluster.resourceId, resource));
  return [
    ...pulumiChecks(engine),
    promiseCheck(stack, login),
    ...azureChecks(settings),
    ...minioChecks(args, admin),
    ...cluster,
    ...stateChecks(stack, engine, resources, idOf),
    ...sourceChecks(releases, login, rendered, kube),
  ];
}

/** The connection to the cluster with its checks, or the check that explains why there is no connection. */
async function openCluster(
  settings: StackSettings,
  state: StackState | undefined,
  rendered: () => Promise<readonly Manifest[][]>,
): Promise<{ readonly kube?: KubeConfig; readonly checks: readonly Check[] }> {
  const deployed = state?.resources?.some(({ type }) => type === COMPONENT_TYPE) ? state : undefined;
  try {
    const kube = await connect(settings.access, settings.args.cluster.resourceId);
    return { kube, checks: clusterChecks(kube, settings, deployed, rendered) };
  } catch (error) {
    const text = (error as Error).message;
    const fix = /is not on PATH/.test(text)
      ? "install it, then az login"
      : "az login, and check cluster.resourceId or access.path";
    const findings = [...explainErrors([text]), { subject: "the cluster", text, fix }];
    return { checks: [known("the cluster", judged(findings, ""))] };
  }
}

/** MinIO's admin as the provider gets it: from the stack's config, else from the environment. */
async function minioAdmin(handle: Stack | undefined): Promise<MinioKeys | undefined> {
  const config = await handle?.getAllConfig().catch(() => undefined);
  const accessKey = config?.["logging:minioAdminUser"]?.value || process.env.MINIO_USER;
  const secretKey = config?.["logging:minioAdminPassword"]?.value || process.env.MINIO_PASSWORD;
  return accessKey && secretKey ? { accessKey, secretKey } : undefined;
}
