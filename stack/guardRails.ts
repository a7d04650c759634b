// Guard rails as hooks of the engine, so that `pulumi up`, Pulumi's GitHub action and any Automation program have them too. What hooks
// cannot do, and how long each may take: docs/decisions/0006-hooks.md.
import type { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import * as pulumi from "@pulumi/pulumi";
import { type Finding, findingLines } from "../components/findings.ts";
import { RELEASE_TYPE } from "../components/helm/releaseType.ts";
import type { StackConfig } from "./config.ts";
import type { WantedRelease } from "./failedRevisions.ts";
import type { StackCluster } from "./rightCluster.ts";

/** Set by a program that explains failures itself, as `npm run deploy` does. */
export const EXPLAINED_ELSEWHERE = "LOGGING_EXPLAINED_ELSEWHERE";

/** Time for an explanation. The engine's own error waits for it. */
const EXPLANATION_SECONDS = 20;

const NAMESPACE = "kubernetes:core/v1:Namespace";

/**
 * Adds the guard rails to every resource of a stack. Nothing is imported or asked until the engine is about to change a resource.
 *
 * @param kubeconfig The Kubernetes provider's, if `access.method` is `aks`.
 */
export function guardRails(
  { access, resolved }: StackConfig,
  kubeconfig: pulumi.Output<string> | undefined,
): pulumi.ResourceTransformation[] {
  const cluster = { access, args: resolved };
  const namespace = Promise.withResolvers<Namespace>();
  const connect = once(async () => {
    const { kubeConfigOf } = await import("../automation/cluster/clusterApi.ts");
    // The kubeconfig that the Kubernetes provider uses, so that both talk to the same cluster.
    return kubeConfigOf(access, kubeconfig && (await settled(kubeconfig)));
  });
  const anywhere = [rightCluster(cluster, connect)];
  const inCluster = [...anywhere, rightNamespace(cluster, connect, namespace.promise)];
  const rolledBack = rollBackFirst(connect);
  const onError = process.env[EXPLAINED_ELSEWHERE] ? [] : [explanation(resolved, connect)];

  const addHooks: pulumi.ResourceTransformation = ({ resource, type, props, opts }) => {
    if (type.startsWith("logging:")) return undefined;
    if (type === NAMESPACE) namespace.resolve(resource as Namespace);
    const before = type.startsWith("kubernetes:") && type !== NAMESPACE ? inCluster : anywhere;
    const { beforeCreate = [], beforeUpdate = [] } = opts.hooks ?? {};
    const hooks: pulumi.ResourceHookBinding = {
      ...opts.hooks,
      beforeCreate: [...beforeCreate, ...before],
      beforeUpdate: [...beforeUpdate, ...before, ...(type === RELEASE_TYPE ? [rolledBack] : [])],
      onError: [...(opts.hooks?.onError ?? []), ...onError],
    };
    return { props, opts: { ...opts, hooks } };
  };
  return [addHooks];
}

type Connect = () => Promise<import("@kubernetes/client-node").KubeConfig>;

/** Refuses every change while the API server is not that of the stack's cluster. */
const rightCluster = (cluster: StackCluster, connect: Connect): pulumi.ResourceHook =>
  refusal("logging-right-cluster", async () => {
    const { wrongCluster } = await import("./rightCluster.ts");
    return wrongCluster(await connect(), cluster);
  });

/** Refuses changes in a namespace that is not the one in the state. The program has its recorded UID once it is registered. */
const rightNamespace = ({ args }: StackCluster, connect: Connect, namespace: Promise<Namespace>): pulumi.ResourceHook =>
  refusal("logging-right-namespace", async () => {
    const { wrongNamespace } = await import("./rightCluster.ts");
    const { name, uid } = await settled((await namespace).metadata);
    return wrongNamespace(await connect(), args.cluster.name, { name, uid });
  });

/** A hook that asks once for the whole update. The first resource gets the findings, the others are held without repeating them. */
function refusal(name: string, check: () => Promise<Finding[]>): pulumi.ResourceHook {
  const ask = once(check);
  let shown = false;
  return new pulumi.ResourceHook(name, async () => {
    const findings = await ask();
    if (findings.length === 0) return;
    const text = shown ? "not changed either, for the same reason" : findingLines(findings).join("\n");
    shown = true;
    throw new Error(text);
  });
}

/** Rolls a release back before its update, if its newest revision failed. */
const rollBackFirst = (connect: Connect): pulumi.ResourceHook =>
  new pulumi.ResourceHook("logging-roll-back-first", async ({ newInputs }) => {
    const { rollBackFailed } = await import("./failedRevisions.ts");
    const { namespace, ...wanted } = newInputs as WantedRelease & { readonly namespace: string };
    const found = await rollBackFailed(await connect(), namespace, wanted);
    if (found)
      await pulumi.log.warn(
        `release ${wanted.name}: revision ${found.failed} failed; rolled back to ${found.deployed} first, because the objects that it added would stay`,
      );
  });

/** Explains the error of a resource as a warning beside it. Never retries, and never replaces the engine's own error. */
const explanation = (args: StackConfig["resolved"], connect: Connect): pulumi.ErrorHook =>
  new pulumi.ErrorHook("logging-explanation", async ({ urn, type, errors }) => {
    const explained = async () => {
      const [{ explainFailure }, { placeOf }] = await Promise.all([
        import("../automation/explain/explainFailure.ts"),
        import("../automation/explain/admission.ts"),
      ]);
      const signal = AbortSignal.timeout(EXPLANATION_SECONDS * 1000);
      const pods = type === RELEASE_TYPE && !pulumi.runtime.isDryRun();
      const findings = await explainFailure(errors, signal, placeOf(args), pods ? connect : undefined);
      if (findings.length === 0) return;
      // The resource itself learns its URN only after this hook; `log.warn` would wait for that.
      const beside = { urn: pulumi.output(urn) } as pulumi.Resource;
      await pulumi.log.warn(findingLines(findings).join("\n"), beside);
    };
    // A hook that throws would replace the engine's error.
    await explained().catch(() => {});
    return false;
  });

/** Runs the work on the first call; later calls get the same result. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

const settled = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => output.apply(resolve));
