import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { OLD_RELEASE_ENDED } from "../../components/alloy/oldBuffer/containers.ts";
import { GATEWAY_ENV } from "../../components/gateway/password.ts";
import type { Fields, Manifest } from "../../components/helm/manifest.ts";
import { runsLoki, titleOf, workloadsOf } from "../../components/helm/promises/objects.ts";
import type { Breach } from "../../components/helm/promises/promise.ts";
import { LOKI_CHART } from "../../components/loki/chart.ts";
import { effectiveConfig } from "../../components/loki/effectiveConfig.ts";
import { CA_MOUNT } from "../../components/loki/references.ts";
import { STORAGE_ENV } from "../../components/objectStorage/credentials.ts";
import { isOnPath, ProgramError, runProgram } from "../subprocess.ts";
import { inTemporaryFolder } from "../temporaryFolder.ts";
import { writeYaml } from "../yaml/kubernetesYaml.ts";

/** Time for a program to read its config. */
const SECONDS = 30;

/** What Loki and Alloy say about the configs that a stack renders, if they are on PATH, in the versions of the charts. */
export const configProblems = (objects: readonly Manifest[], ca: string | undefined): Promise<Breach[]> =>
  inTemporaryFolder("configs", async (folder) => [
    ...(await lokiProblems(objects, ca, folder)),
    ...(await alloyProblems(objects, folder)),
  ]);

async function lokiProblems(objects: readonly Manifest[], ca: string | undefined, folder: string): Promise<Breach[]> {
  const found = effectiveConfig(objects);
  if (!found || !isOnPath("loki")) return [];
  const container = workloadsOf(objects)
    .flatMap(({ containers }) => containers)
    .find(runsLoki);
  const env = { ...literals(container), [STORAGE_ENV.accessKey]: "accessKey1", [STORAGE_ENV.secretKey]: "secretKey1" };
  const caFile = join(folder, "ca.crt");
  if (ca !== undefined) writeFileSync(caFile, ca);
  const verify = async (config: string): Promise<string[]> => {
    const file = join(folder, "loki.yaml");
    writeFileSync(file, config.replaceAll(`${CA_MOUNT}/ca.crt`, caFile));
    return complaints("loki", ["-verify-config", `-config.file=${file}`, "-config.expand-env=true"], env, folder);
  };
  // Loki reads the overrides of its runtime config only later. As limits, they are checked now.
  const texts =
    Object.keys(found.runtime).length > 0
      ? [found.text, writeYaml({ ...found.config, limits_config: found.limits })]
      : [found.text];
  const problems: string[] = [];
  for (const text of texts) problems.push(...(await verify(text)));
  if (problems.length === 0 || !(await isVersion("loki", ["-version"], LOKI_CHART.appVersion))) return [];
  return [...new Set(problems)].map((text) => ({
    promise: "validConfig",
    object: found.object,
    text,
    fix: `remove or correct it: https://grafana.com/docs/loki/v${LOKI_CHART.appVersion.split(".").slice(0, 2).join(".")}.x/configure/`,
  }));
}

async function alloyProblems(objects: readonly Manifest[], folder: string): Promise<Breach[]> {
  const workload = workloadsOf(objects).find(({ containers }) => containers.some(({ name }) => name === "alloy"));
  const container: Fields = workload?.containers.find(({ name }) => name === "alloy");
  const mounted = (workload?.pod.volumes ?? []).map(({ configMap }: Fields) => configMap?.name).filter(Boolean);
  const configMap = objects.find(({ kind, metadata }) => kind === "ConfigMap" && mounted.includes(metadata.name));
  const [config] = Object.values(((configMap as Fields)?.data ?? {}) as Record<string, string>);
  if (!configMap || config === undefined || !isOnPath("alloy")) return [];
  const file = join(folder, "config.alloy");
  writeFileSync(file, config);
  // On a node, an init container writes this file.
  writeFileSync(join(folder, OLD_RELEASE_ENDED), "0");
  const env = {
    ...{ ...literals(container), LOGGING_STORAGE: folder },
    ...{ [GATEWAY_ENV.username]: "logging-1", [GATEWAY_ENV.password]: "password1" },
  };
  const words: string[] = [...(container.command ?? []), ...(container.args ?? [])].map(String);
  const gates = words.filter((word) => word.startsWith("--feature-gates="));
  const args = words.includes("otel") ? ["otel", "validate", `--config=${file}`, ...gates] : ["validate", file];
  const problems = await complaints("alloy", args, env, folder);
  if (problems.length === 0 || !(await isVersion("alloy", ["--version"], ALLOY_CHART.appVersion))) return [];
  return problems.map((text) => ({
    promise: "validConfig",
    object: titleOf(configMap),
    text,
    fix: "correct the config; https://grafana.com/docs/alloy/latest/reference/",
  }));
}

/** Variables of a container that have their value in the manifest. */
const literals = (container: Fields): Record<string, string> =>
  Object.fromEntries(
    (container?.env ?? [])
      .filter(({ value }: Fields) => value !== undefined)
      .map(({ name, value }: Fields) => [name, String(value)]),
  );

/** What a program prints about its config, line by line, without the places of temporary files. Nothing if it accepts it. */
async function complaints(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<string[]> {
  try {
    await runProgram(program, args, { timeoutSeconds: SECONDS, env });
    return [];
  } catch (error) {
    if (!(error instanceof ProgramError) || error.reason !== "failed") throw error;
    const lines = error.message
      .replaceAll(folder, "")
      .split("\n")
      .map((line) =>
        line
          .replace(/^.*\bmsg="?|"$/g, "")
          .replace(/^\s*(line \d+: )/, "")
          .trim(),
      );
    const fields = lines.filter((line) => /^field \S+ (not found|already set)/.test(line));
    return fields.length > 0
      ? fields.map((line) => `${program}: ${line}`)
      : [`${program}: ${lines.join(" ").slice(0, 400)}`];
  }
}

/** Whether a program has the version of the chart. Another one may know other settings. One built without a version counts. */
async function isVersion(program: string, args: readonly string[], version: string): Promise<boolean> {
  const output = await runProgram(program, args, { timeoutSeconds: SECONDS });
  const [, printed] = /version v?(\d+\.\d+)/.exec(output) ?? [];
  return printed === undefined || version.replace(/^v/, "").startsWith(`${printed}.`);
}
