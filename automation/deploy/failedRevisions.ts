// An upgrade that failed is not the base of the next one: Helm compares with the revision that was deployed before it. What the failed
// one had added is in neither of both, so it stays in the cluster for ever, and no preview shows it: a config that is put back would
// not put the cluster back. A rollback compares with the failed one, and takes it away. Where the same is tried once more there is
// nothing to take away, and pods would roll twice.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { gunzipSync } from "node:zlib";
import { CoreV1Api, type KubeConfig, type V1Secret } from "@kubernetes/client-node";
import { helmMissing, type ReleaseInputs } from "../plan/helmTemplate.ts";
import { runProgram } from "../subprocess.ts";

/** Type of the Secrets in which Helm keeps its revisions. */
const HELM_SECRET = "helm.sh/release.v1";

/** A revision as its Secret's labels tell of it. */
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

/** What a release is to become. */
export type WantedRelease = Pick<ReleaseInputs, "name" | "version" | "values">;

/** A release whose newest revision failed, and the one that it goes back to. */
export interface FailedRevision {
  readonly name: string;
  readonly failed: number;
  readonly deployed: number;
}

/**
 * Of the releases, those whose newest revision failed over one that was deployed, unless every one that failed since is what is wanted
 * now. A first one that failed is itself what Helm compares with.
 */
export function failedRevisions(secrets: readonly V1Secret[], wanted: readonly WantedRelease[]): FailedRevision[] {
  const revisions = helmRevisions(secrets);
  return wanted.flatMap((release) => {
    const own = revisions.filter(({ name }) => name === release.name);
    const deployed = own.find(({ status }) => status === "deployed");
    const [newest] = own;
    if (newest?.status !== "failed" || !deployed) return [];
    const since = own.filter(({ version }) => version > deployed.version).map(({ secret }) => secret);
    const again = secrets.filter(({ metadata }) => since.includes(metadata?.name ?? "")).every((s) => isOf(s, release));
    return again ? [] : [{ name: release.name, failed: newest.version, deployed: deployed.version }];
  });
}

/**
 * Whether a revision is of this chart and these values. What cannot be read is not.
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
 * Takes away what failed revisions of these releases have added. Waits for no pod: the update that follows does.
 *
 * @returns what was rolled back.
 */
export async function rollBackFailed(
  kube: KubeConfig,
  namespace: string,
  releases: readonly WantedRelease[],
): Promise<FailedRevision[]> {
  const { items } = await kube.makeApiClient(CoreV1Api).listNamespacedSecret({ namespace });
  const failed = failedRevisions(items, releases);
  if (failed.length === 0) return [];
  const missing = helmMissing();
  if (missing) throw new Error(`a release failed before and has to be rolled back first: ${missing}`);
  const folder = mkdtempSync(join(tmpdir(), "logging-rollback-"));
  try {
    const kubeconfig = join(folder, "config");
    writeFileSync(kubeconfig, kube.exportConfig(), { mode: 0o600 });
    for (const { name, deployed } of failed)
      await runProgram("helm", [
        ...["rollback", name, `${deployed}`, "--namespace", namespace, "--history-max", "5"],
        ...["--kubeconfig", kubeconfig],
      ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return failed;
}
