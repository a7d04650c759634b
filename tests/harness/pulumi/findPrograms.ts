import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { builtOrOnPath } from "../goPrograms.ts";
import { onPath, programMissing } from "../programs.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

const ENGINE = ["pulumi", "pulumi-language-nodejs", "minio", "openssl"] as const;
const CONTROL_PLANE = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"] as const;

/** Providers that the engine starts as they are. azure-native is replaced by a stand-in. */
const PLUGINS = ["kubernetes", "minio", "random"] as const;

/** Paths of everything that a deploy on a simulated cluster starts. */
export interface Programs {
  /** Those of the control plane are empty when they are missing and were not required. */
  readonly program: Readonly<Record<(typeof ENGINE | typeof CONTROL_PLANE)[number], string>>;
  /** Provider programs by the name of their plugin folder: `resource-random-v4.21.2`. */
  readonly plugins: Readonly<Record<string, string>>;
  /** Folder with `loki/` and `alloy/`. */
  readonly charts: string;
  /** Only for scenarios that adopt or upgrade releases made by helm. */
  readonly helm?: string;
}

/**
 * Finds the engine, its providers, the charts, MinIO and a control plane.
 *
 * @param controlPlane whether a missing program of the control plane counts as missing. Default: true.
 * @returns paths, or one line for each missing part with the way to get it.
 */
export function findPrograms({ controlPlane = true } = {}): { programs: Programs } | { missing: string[] } {
  const missing: string[] = [];
  const program: Record<string, string> = {};
  for (const name of [...ENGINE, ...CONTROL_PLANE]) {
    program[name] = (name === "minio" ? builtOrOnPath(name) : onPath(name)) ?? "";
    const required = controlPlane || (ENGINE as readonly string[]).includes(name);
    if (!program[name] && required) missing.push(String(programMissing(name)));
  }
  const plugins = Object.fromEntries(PLUGINS.map((name) => findPlugin(name, missing)));
  const charts = process.env.LOGGING_CHARTS;
  for (const chart of ["loki", "alloy"]) {
    if (charts && existsSync(join(charts, chart, "Chart.yaml"))) continue;
    missing.push(
      `the chart ${chart}: pull the pinned version with \`helm pull --untar\` and name the folder that holds loki/ and alloy/ in LOGGING_CHARTS`,
    );
  }
  if (missing.length > 0) return { missing };
  const helm = onPath("helm");
  return {
    programs: {
      program: program as Programs["program"],
      plugins,
      charts: resolve(charts ?? ""),
      ...(helm && { helm }),
    },
  };
}

function findPlugin(name: string, missing: string[]): [folder: string, path: string] {
  const version = pinnedVersion(`@pulumi/${name}`);
  const folder = `resource-${name}-v${version}`;
  const file = `pulumi-resource-${name}`;
  const installed = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "plugins", folder, file);
  const path = existsSync(installed) ? installed : onPath(file);
  if (!path) missing.push(`provider ${name} ${version}: pulumi plugin install resource ${name} ${version}`);
  return [folder, path ?? ""];
}

/** The version of an SDK in package.json, which is also the version of its provider. */
export const pinnedVersion = (packageName: string): string =>
  (JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { dependencies: Record<string, string> })
    .dependencies[packageName] ?? "";
