import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../../components/helm/manifest.ts";
import { isOnPath, type ProgramError, runProgram } from "../subprocess.ts";
import { inTemporaryFolder } from "../temporaryFolder.ts";
import { readManifests, writeYaml } from "../yaml/kubernetesYaml.ts";

/** A release as the program registers it. */
export interface ReleaseInputs {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  /** Seconds that Helm waits for the pods. */
  readonly timeout: number;
  readonly repositoryOpts?: { readonly repo?: string };
  readonly values: Record<string, unknown>;
}

/** Kubernetes version that manifests are rendered for. Without one, helm takes that of its client library. */
const KUBE_VERSION = "1.34.2";

/** What is missing to render charts, or `undefined`. */
export const helmMissing = (): string | undefined =>
  isOnPath("helm") ? undefined : "helm is not on PATH (https://helm.sh/docs/intro/install/)";

/**
 * A release's chart as helm's arguments: its folder in `LOGGING_CHARTS` (`loki-18.11.0` before `loki`, so that two versions can be
 * compared), a local chart, or the chart in its repository.
 *
 * @throws when `LOGGING_CHARTS` has no such chart.
 */
export function chartReference(release: ReleaseInputs): string[] {
  const charts = process.env.LOGGING_CHARTS;
  if (charts) {
    const names = [`${release.name}-${release.version}`, release.name];
    const local = names.map((name) => join(charts, name)).find((folder) => existsSync(join(folder, "Chart.yaml")));
    if (!local) throw new Error(`LOGGING_CHARTS: there is no chart in ${join(charts, release.name)}`);
    return [local];
  }
  const repo = release.repositoryOpts?.repo;
  return [release.chart, "--version", release.version, ...(repo ? ["--repo", repo] : [])];
}

/** Name and password for the repository of a chart. */
export interface ChartLogin {
  readonly username: string;
  readonly password: string;
}

/**
 * The objects that Helm would create for a release: `helm template` with exactly the release's values.
 *
 * @throws with helm's own message when the chart cannot be fetched or rendered.
 */
export const helmTemplate = (release: ReleaseInputs, login?: ChartLogin): Promise<Manifest[]> =>
  inTemporaryFolder("values", async (folder) => {
    const valuesFile = join(folder, "values.yaml");
    writeFileSync(valuesFile, writeYaml(release.values), { mode: 0o600 });
    const chart = await chartArguments(release, folder, login);
    const options = ["--namespace", release.namespace, "--values", valuesFile, "--kube-version", KUBE_VERSION];
    const output = await helm(`template ${release.name}`, ["template", release.name, ...chart, ...options]);
    return readManifests(output) as Manifest[];
  });

/** The objects of several releases, all rendered at once. @throws as {@link helmTemplate}. */
export const helmTemplates = (releases: readonly ReleaseInputs[], login?: ChartLogin): Promise<Manifest[][]> =>
  Promise.all(releases.map((release) => helmTemplate(release, login)));

/** Fetches a release's chart. @throws with helm's own message when it cannot be fetched. */
export const helmShowChart = (release: ReleaseInputs, login?: ChartLogin): Promise<string> =>
  inTemporaryFolder("values", async (folder) =>
    helm("show chart", ["show", "chart", ...(await chartArguments(release, folder, login))]),
  );

async function chartArguments(
  release: ReleaseInputs,
  folder: string,
  login: ChartLogin | undefined,
): Promise<string[]> {
  const url = release.repositoryOpts?.repo;
  if (process.env.LOGGING_CHARTS || !url || !login) return chartReference(release);
  // In a file: every process of the machine can see arguments.
  const file = join(folder, "repositories.yaml");
  writeFileSync(file, writeYaml({ repositories: [{ name: "charts", url, ...login }] }), { mode: 0o600 });
  const repository = ["--repository-config", file, "--repository-cache", join(folder, "cache")];
  await helm("repo update", ["repo", "update", ...repository]);
  return [`charts/${release.chart}`, "--version", release.version, ...repository];
}

const helm = (command: string, args: readonly string[]): Promise<string> =>
  runProgram("helm", args).catch((error: ProgramError) => {
    const why = error.reason === "missing" ? helmMissing() : error.message;
    throw new Error(`helm ${command}: ${why}${UNREACHABLE.test(error.message) ? UNREACHABLE_FIX : ""}`);
  });

/** How helm reports a repository that this machine cannot reach. */
const UNREACHABLE = /cannot be reached|no such host|dial tcp|i\/o timeout|handshake timeout|Client\.Timeout/i;

const UNREACHABLE_FIX =
  "\nfix: run it where the repository can be reached, or pull the charts there with .github/scripts/pull-charts.sh FOLDER, and set LOGGING_CHARTS=FOLDER";
