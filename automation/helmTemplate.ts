import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  return inFolder((folder) => {
    const valuesFile = join(folder, "values.yaml");
    writeFileSync(valuesFile, stringify(release.values), { mode: 0o600 });
    const chart = chartArguments(release, folder, login);
    const options = ["--namespace", release.namespace, "--values", valuesFile, "--kube-version", KUBE_VERSION];
    return parseAllDocuments(helm(`template ${release.name}`, ["template", release.name, ...chart, ...options]))
      .map((document) => document.toJS() as Manifest | null)
      .filter((manifest) => manifest !== null);
  });
}

/** Asks for a release's chart. @throws with helm's own words when it cannot be had. */
export function helmShowChart(release: ReleaseInputs, login?: ChartLogin): void {
  inFolder((folder) => helm("show chart", ["show", "chart", ...chartArguments(release, folder, login)]));
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

function helm(what: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync("helm", args, { encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  if (error) throw new Error(`helm ${what}: ${helmMissing() ?? error.message}`);
  if (status !== 0) throw new Error(`helm ${what}: ${stderr.trim()}`);
  return stdout;
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "logging-values-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
