// Helm diffs an upgrade against the last *deployed* revision. Objects added by a failed revision are in neither side, so they would stay
// in the cluster even after the config is reverted, and no preview shows them. `helm rollback` diffs against the failed revision and
// removes them. If the failed upgrade is tried again as it was, nothing has to be removed, and a rollback would restart pods twice.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { gunzipSync } from "node:zlib";
import { CoreV1Api, type KubeConfig, type V1Secret } from "@kubernetes/client-node";
import { apiWithin } from "../automation/cluster/clusterApi.ts";
import { runProgram } from "../automation/subprocess.ts";
import { inTemporaryFolder } from "../automation/temporaryFolder.ts";

/** Time for reading Helm's revisions, and for one rollback. */
const READ_SECONDS = 30;
const ROLLBACK_SECONDS = 120;

/** Type of the Secrets in which Helm keeps its revisions. */
const HELM_SECRET = "helm.sh/release.v1";

/** A revision, from the labels of its Secret. */
export interface HelmRevision {
  readonly secret: string;
  readonly name: string;
  readonly version: number;
  readonly status: string;
}

/** Helm's revisions among Secrets, newest first. */
export const helmRevisions = (secrets: readonly V1Secret[]): HelmRevision[] =>
  secrets
    .filter(({ type }) => type === HELM_SECRET)
    .map(({ metadata }) => ({
      secret: metadata?.name ?? "",
      name: metadata?.labels?.name ?? "",
      version: Number(metadata?.labels?.version ?? 0),
      status: metadata?.labels?.status ?? "",
    }))
    .sort((a, b) => b.version - a.version);

/** The release that an update is about to deploy. */
export interface WantedRelease {
  readonly name: string;
  /** Version of the chart. */
  readonly version: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A release whose newest revision failed, and the revision to roll back to. */
export interface FailedRevision {
  readonly failed: number;
  readonly deployed: number;
}

/**
 * The revision to roll back: the newest one, if it failed over a deployed one. Not if every revision that failed since is the wanted
 * one. A first revision that failed is never rolled back, because Helm diffs against it.
 */
export function failedRevision(secrets: readonly V1Secret[], wanted: WantedRelease): FailedRevision | undefined {
  const own = helmRevisions(secrets).filter(({ name }) => name === wanted.name);
  const deployed = own.find(({ status }) => status === "deployed");
  const [newest] = own;
  if (newest?.status !== "failed" || !deployed) return undefined;
  const since = own.filter(({ version }) => version > deployed.version).map(({ secret }) => secret);
  const again = secrets.filter(({ metadata }) => since.includes(metadata?.name ?? "")).every((s) => isOf(s, wanted));
  return again ? undefined : { failed: newest.version, deployed: deployed.version };
}

/**
 * Checks that a revision is of this chart version and these values. A revision that cannot be read is not.
 * https://github.com/helm/helm/blob/v3.19.0/pkg/storage/driver/util.go
 */
function isOf({ data }: V1Secret, { version, values }: WantedRelease): boolean {
  try {
    const zipped = Buffer.from(Buffer.from(data?.release ?? "", "base64").toString(), "base64");
    const { chart, config } = JSON.parse(gunzipSync(zipped).toString());
    return chart.metadata.version === version && isDeepStrictEqual(config, values);
  } catch {
    return false;
  }
}

/**
 * Rolls a release back if its newest revision failed. Does not wait for pods: the update that follows does.
 *
 * @returns the revision that was rolled back.
 * @throws with the command to run by hand if helm is not on PATH or fails. Takes at most 30 seconds plus 2 minutes for helm.
 */
export async function rollBackFailed(
  kube: KubeConfig,
  namespace: string,
  wanted: WantedRelease,
): Promise<FailedRevision | undefined> {
  const core = apiWithin(kube, CoreV1Api, AbortSignal.timeout(READ_SECONDS * 1000));
  const { items } = await core.listNamespacedSecret({ namespace });
  const found = failedRevision(items, wanted);
  if (!found) return undefined;
  const { name } = wanted;
  const rollback = ["rollback", name, `${found.deployed}`, "--namespace", namespace, "--history-max", "5"];
  await inTemporaryFolder("rollback", async (folder) => {
    const kubeconfig = join(folder, "config");
    writeFileSync(kubeconfig, kube.exportConfig(), { mode: 0o600 });
    await runProgram("helm", [...rollback, "--kubeconfig", kubeconfig], { timeoutSeconds: ROLLBACK_SECONDS });
  }).catch((error: Error) => {
    const why = `release ${name}: revision ${found.failed} failed and has to be rolled back first`;
    throw new Error(`${why}: ${error.message}\n    → helm ${rollback.join(" ")}`);
  });
  return found;
}
