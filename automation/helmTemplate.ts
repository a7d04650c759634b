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

/**
 * The objects that Helm would make of a release: `helm template` with exactly the release's values.
 *
 * @throws with helm's own words when the chart cannot be had or does not render.
 */
export function helmTemplate(release: ReleaseInputs): Manifest[] {
  const values = writeValues(release);
  try {
    const { status, stdout, stderr, error } = spawnSync("helm", templateArguments(release, values.file), {
      encoding: "utf8",
      maxBuffer: LONGEST_OUTPUT,
    });
    if (status !== 0) throw refusal(release, stderr || error?.message);
    return objectsIn(stdout);
  } finally {
    values.remove();
  }
}

/** The objects of several releases, all rendered at once. @throws as `helmTemplate`. */
export const helmTemplates = (releases: readonly ReleaseInputs[]): Promise<Manifest[][]> =>
  Promise.all(
    releases.map(async (release) => {
      const values = writeValues(release);
      try {
        const helm = promisify(execFile)("helm", templateArguments(release, values.file), {
          maxBuffer: LONGEST_OUTPUT,
        });
        const { stdout } = await helm.catch((error: Error & { stderr?: string }) => {
          throw refusal(release, error.stderr || error.message);
        });
        return objectsIn(stdout);
      } finally {
        values.remove();
      }
    }),
  );

const LONGEST_OUTPUT = 64 * 2 ** 20;

function writeValues({ values }: ReleaseInputs): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "logging-values-"));
  const file = join(folder, "values.yaml");
  writeFileSync(file, stringify(values), { mode: 0o600 });
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}

const templateArguments = (release: ReleaseInputs, valuesFile: string): string[] => [
  "template",
  release.name,
  ...chartReference(release),
  "--namespace",
  release.namespace,
  "--values",
  valuesFile,
  "--kube-version",
  KUBE_VERSION,
];

const refusal = ({ name }: ReleaseInputs, said: string | undefined): Error =>
  new Error(`helm template ${name}: ${said?.trim()}`);

const objectsIn = (output: string): Manifest[] =>
  parseAllDocuments(output)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
