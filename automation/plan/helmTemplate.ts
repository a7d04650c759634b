import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments, stringify } from "yaml";

/** A Kubernetes object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

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

/** Kubernetes version that manifests are rendered for; without one, helm takes that of its own client library. */
const KUBE_VERSION = "1.34.2";

/** What is missing to render charts, or `undefined`. */
export function helmMissing(): string | undefined {
  const found = spawnSync("helm", ["version", "--short"], { encoding: "utf8" });
  return found.status === 0 ? undefined : "helm is not on PATH (https://helm.sh/docs/intro/install/)";
}

/**
 * Where a release's chart is: the folder in `LOGGING_CHARTS` (`loki-18.11.0` before `loki`, so that two versions can be compared), a
 * local chart, or its repository.
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
 * The objects that Helm would make of a release: `helm template` with exactly the release's values.
 *
 * @throws with helm's own words when the chart cannot be had or does not render.
 */
export function helmTemplate(release: ReleaseInputs, login?: ChartLogin): Manifest[] {
  return inFolder((folder) => objectsIn(helm(`template ${release.name}`, templateArguments(release, folder, login))));
}

/** The objects of several releases, all rendered at once. @throws as `helmTemplate`. */
export const helmTemplates = (releases: readonly ReleaseInputs[], login?: ChartLogin): Promise<Manifest[][]> =>
  Promise.all(
    releases.map(async (release) => {
      const folder = newFolder();
      try {
        const args = templateArguments(release, folder, login);
        const rendered = promisify(execFile)("helm", args, { maxBuffer: LONGEST_OUTPUT });
        const { stdout } = await rendered.catch((error: Error & { code?: string; stderr?: string }) => {
          throw refusal(`template ${release.name}`, error.code === "ENOENT" ? error : error.stderr || error.message);
        });
        return objectsIn(stdout);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
  );

/** Asks for a release's chart. @throws with helm's own words when it cannot be had. */
export function helmShowChart(release: ReleaseInputs, login?: ChartLogin): void {
  inFolder((folder) => helm("show chart", ["show", "chart", ...chartArguments(release, folder, login)]));
}

function templateArguments(release: ReleaseInputs, folder: string, login: ChartLogin | undefined): string[] {
  const valuesFile = join(folder, "values.yaml");
  writeFileSync(valuesFile, stringify(release.values), { mode: 0o600 });
  const chart = chartArguments(release, folder, login);
  const options = ["--namespace", release.namespace, "--values", valuesFile, "--kube-version", KUBE_VERSION];
  return ["template", release.name, ...chart, ...options];
}

function chartArguments(release: ReleaseInputs, folder: string, login: ChartLogin | undefined): string[] {
  const url = release.repositoryOpts?.repo;
  if (process.env.LOGGING_CHARTS || !url || !login) return chartReference(release);
  // By a file: arguments are seen by every process of the machine.
  const file = join(folder, "repositories.yaml");
  writeFileSync(file, stringify({ repositories: [{ name: "charts", url, ...login }] }), { mode: 0o600 });
  const repository = ["--repository-config", file, "--repository-cache", join(folder, "cache")];
  helm("repo update", ["repo", "update", ...repository]);
  return [`charts/${release.chart}`, "--version", release.version, ...repository];
}

const LONGEST_OUTPUT = 64 * 2 ** 20;

function helm(what: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync("helm", args, { encoding: "utf8", maxBuffer: LONGEST_OUTPUT });
  if (error) throw refusal(what, error);
  if (status !== 0) throw refusal(what, stderr);
  return stdout;
}

/** In helm's own words, or that it is missing. */
const refusal = (what: string, said: string | Error): Error =>
  new Error(`helm ${what}: ${typeof said === "string" ? said.trim() : (helmMissing() ?? said.message)}`);

const objectsIn = (output: string): Manifest[] =>
  parseAllDocuments(output)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);

const newFolder = (): string => mkdtempSync(join(tmpdir(), "logging-values-"));

function inFolder<T>(use: (folder: string) => T): T {
  const folder = newFolder();
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
