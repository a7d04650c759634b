import { accessSync, constants, existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "../..");

/** Programs by the name they have on PATH, and where a person gets them. */
const PROGRAMS = {
  pulumi: "the Pulumi CLI, https://www.pulumi.com/docs/install/",
  "pulumi-language-nodejs": "comes in the same archive as pulumi",
  etcd: "https://github.com/etcd-io/etcd/releases",
  "kube-apiserver": "https://dl.k8s.io/v1.34.2/bin/linux/amd64/kube-apiserver",
  "kube-controller-manager": "https://dl.k8s.io/v1.34.2/bin/linux/amd64/kube-controller-manager",
  "kube-scheduler": "https://dl.k8s.io/v1.34.2/bin/linux/amd64/kube-scheduler",
  kwok: "https://github.com/kubernetes-sigs/kwok/releases",
  minio: "https://min.io/download (server), or go install github.com/minio/minio@latest",
  openssl: "the system's package openssl",
} as const;

/** Providers that the engine starts. azure-native is not among them: a stand-in takes its place. */
const PLUGINS = ["kubernetes", "minio", "random"] as const;

export type Program = keyof typeof PROGRAMS;

/** Paths of everything the tier starts. */
export interface Programs {
  readonly program: Readonly<Record<Program, string>>;
  /** Provider programs by the name of their plugin folder: `resource-random-v4.21.2`. */
  readonly plugins: Readonly<Record<string, string>>;
  /** Folder with `loki/` and `alloy/`. */
  readonly charts: string;
  /** Optional: for the scenarios that adopt what helm made. */
  readonly helm?: string;
}

/** What makes a cluster: the engine and MinIO do without. */
const CONTROL_PLANE: readonly string[] = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
];

/**
 * Everything, or a line for each thing that is missing and how to get it. Without `controlPlane`, what makes a cluster may be
 * missing; its paths are then empty.
 */
export function findPrograms({ controlPlane = true } = {}): { programs: Programs } | { missing: string[] } {
  const missing: string[] = [];
  const program = Object.fromEntries(
    Object.entries(PROGRAMS).map(([name, source]) => {
      const path = onPath(name);
      if (!path && (controlPlane || !CONTROL_PLANE.includes(name))) missing.push(`${name} is not on PATH: ${source}`);
      return [name, path ?? ""];
    }),
  ) as Record<Program, string>;
  const plugins = Object.fromEntries(
    PLUGINS.map((name) => {
      const version = pinnedVersion(`@pulumi/${name}`);
      const folder = `resource-${name}-v${version}`;
      const file = `pulumi-resource-${name}`;
      const installed = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "plugins", folder, file);
      const path = existsSync(installed) ? installed : onPath(file);
      if (!path) missing.push(`provider ${name} ${version}: pulumi plugin install resource ${name} ${version}`);
      return [folder, path ?? ""];
    }),
  );
  const charts = process.env.LOGGING_CHARTS;
  for (const chart of ["loki", "alloy"]) {
    if (charts && existsSync(join(charts, chart, "Chart.yaml"))) continue;
    missing.push(
      `the chart ${chart}: pull the pinned version with \`helm pull --untar\` and name the folder that holds loki/ and alloy/ in LOGGING_CHARTS`,
    );
  }
  if (missing.length > 0) return { missing };
  const helm = onPath("helm");
  return { programs: { program, plugins, charts: resolve(charts ?? ""), ...(helm && { helm }) } };
}

/** An executable file by its name. */
export function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return realpathSync(path);
    } catch {}
  }
  return undefined;
}

/** The version of a provider's SDK is that of its plugin. */
export const pinnedVersion = (packageName: string): string =>
  (JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { dependencies: Record<string, string> })
    .dependencies[packageName] ?? "";
