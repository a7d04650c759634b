import { execFile } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { parse, stringify } from "yaml";
import type { Minio } from "../minio.ts";
import { type Programs, pinnedVersion } from "../pulumi/findPrograms.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

/** A stack's config file, as far as tests change it. */
// biome-ignore lint/suspicious/noExplicitAny: a YAML document.
export type StackConfig = Record<string, any>;

/** The project as a person would have it checked out, and the engine that runs it. */
export interface PulumiEngine {
  /** The copied project. */
  readonly project: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Makes a stack with the committed config of `configOf`, pointed at this run's servers. */
  createStack(name: string, configOf?: string): Promise<Stack>;
  /** Reads and changes a stack's config file, and returns how to change it back. */
  changeConfig(stack: string, change: (config: StackConfig) => void): () => void;
  /** Runs the CLI as a person would. */
  run(args: readonly string[], environment?: Record<string, string>): Promise<CommandResult>;
  /** Every call that the stand-in of Azure was asked, in order. */
  azureCalls(): AzureCall[];
}

export interface CommandResult {
  readonly exitCode: number;
  /** Standard output and error, as a person sees them. */
  readonly output: string;
}

export interface AzureCall {
  readonly time: string;
  readonly method: string;
  readonly id?: string;
  readonly name?: string;
  readonly preview?: boolean;
  readonly error?: string;
}

/** Copies the project and prepares an engine with the found plugins and a separate backend. Nothing of `HOME` is used. */
export function preparePulumi(programs: Programs, folder: string, minio: Minio): PulumiEngine {
  const project = join(folder, "project");
  const home = join(folder, "home");
  const pulumiHome = join(folder, "pulumi-home");
  const backend = join(folder, "backend");
  for (const path of [project, home, backend, join(pulumiHome, "plugins")]) mkdirSync(path, { recursive: true });

  for (const file of [
    "Pulumi.yaml",
    "package.json",
    "requireNode.cjs",
    "stack",
    "components",
    "automation",
    "policies",
    ...globSync("*.ts", { cwd: PROJECT }),
  ])
    cpSync(join(PROJECT, file), join(project, file), { recursive: true });
  symlinkSync(join(PROJECT, "node_modules"), join(project, "node_modules"));
  symlinkSync(programs.charts, join(project, "charts"));
  mkdirSync(join(project, "certs"));
  writeFileSync(join(project, "certs/minio-internal-company-ca.pem"), minio.ca.pem);

  installPlugin(pulumiHome, `resource-azure-native-v${pinnedVersion("@pulumi/azure-native")}`, AZURE_STANDIN);
  for (const [name, program] of Object.entries(programs.plugins)) installPlugin(pulumiHome, name, program);

  const journal = join(folder, "azure-calls.jsonl");
  writeFileSync(journal, "");
  const environment = {
    PATH: [
      dirname(process.execPath),
      join(import.meta.dirname, "bin"),
      dirname(programs.program.pulumi),
      process.env.PATH ?? "",
    ].join(delimiter),
    HOME: home,
    // A stack that reached for the ambient context would find this.
    KUBECONFIG: join(folder, "no-such-kubeconfig"),
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "tests/cluster",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
    MINIO_USER: minio.admin.accessKey,
    MINIO_PASSWORD: minio.admin.secretKey,
    KUBELOGIN_STANDIN_TOKENS: folder,
    LOGGING_NODE: process.execPath,
    AZURE_STANDIN_STATE: join(folder, "azure-pools.json"),
    AZURE_STANDIN_KUBECONFIG: join(folder, "{cluster}.kubeconfig"),
    AZURE_STANDIN_JOURNAL: journal,
    ARM_SUBSCRIPTION_ID: "00000000-0000-0000-0000-000000000000",
  };
  const configFile = (stack: string): string => join(project, `Pulumi.${stack}.yaml`);

  return {
    project,
    environment,
    async createStack(name, configOf = name) {
      const config = parse(readFileSync(join(PROJECT, `Pulumi.${configOf}.yaml`), "utf8")) as { config: StackConfig };
      pointAtServers(config.config, minio);
      writeFileSync(configFile(name), stringify(config));
      return LocalWorkspace.createStack(
        { stackName: name, workDir: project },
        { envVars: environment, pulumiHome, secretsProvider: "passphrase" },
      );
    },
    changeConfig(stack, change) {
      const before = readFileSync(configFile(stack), "utf8");
      const document = parse(before) as { config: StackConfig };
      change(document.config);
      // As Pulumi reads it: a day without quotes would be a time.
      writeFileSync(configFile(stack), stringify(document, { schema: "yaml-1.1" }));
      return () => writeFileSync(configFile(stack), before);
    },
    async run(args, more = {}) {
      try {
        const { stdout, stderr } = await promisify(execFile)(programs.program.pulumi, [...args, "--non-interactive"], {
          cwd: project,
          env: { ...process.env, ...environment, ...more },
          maxBuffer: 64 * 2 ** 20,
        });
        return { exitCode: 0, output: stdout + stderr };
      } catch (error) {
        const { code, stdout, stderr } = error as { code?: number; stdout: string; stderr: string };
        return { exitCode: code ?? -1, output: stdout + stderr };
      }
    },
    azureCalls: () =>
      readFileSync(journal, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as AzureCall),
  };
}

const AZURE_STANDIN = join(import.meta.dirname, "azure-native/pulumi-resource-azure-native");

function installPlugin(pulumiHome: string, name: string, program: string): void {
  const folder = join(pulumiHome, "plugins", name);
  mkdirSync(folder);
  symlinkSync(program, join(folder, /^resource-(.+)-v/.exec(name)?.[1]?.replace(/^/, "pulumi-resource-") ?? name));
}

/** What differs from production: where MinIO and the charts are, and how long a release waits for its pods. */
function pointAtServers(config: StackConfig, minio: Minio): void {
  config["logging:objectStorage"].endpoint = minio.endpoint;
  for (const release of ["loki", "alloy"]) {
    config[`logging:${release}`].chart = { source: `./charts/${release}` };
    // Half an hour is for pools that grow and disks that attach; simulated pods are Ready at once or never.
    config[`logging:${release}`].timeoutSeconds = 180;
  }
}
