import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
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

/** Copies the project and prepares an engine with the found plugins and its own backend. It uses nothing of `HOME`. */
export function preparePulumi(programs: Programs, folder: string, minio: Minio): PulumiEngine {
  const project = join(folder, "project");
  const pulumiHome = join(folder, "pulumi-home");
  const journal = join(folder, "azure-calls.jsonl");
  writeFileSync(journal, "");
  copyProject(project, programs.charts, minio);
  installPlugins(pulumiHome, programs);
  const environment = environmentOf(folder, pulumiHome, journal, programs, minio);
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
    changeConfig: (stack, change) => changeFile(configFile(stack), change),
    run: (args, more = {}) => runCli(programs.program.pulumi, args, project, { ...environment, ...more }),
    azureCalls: () =>
      readFileSync(journal, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as AzureCall),
  };
}

/** Files and folders of a checkout that a deploy uses. */
const DEPLOYED = [
  "Pulumi.yaml",
  "index.ts",
  "package.json",
  "requireNode.cjs",
  "stack",
  "components",
  "automation",
  "policies",
];

function copyProject(project: string, charts: string, minio: Minio): void {
  mkdirSync(join(project, "certs"), { recursive: true });
  for (const file of DEPLOYED) cpSync(join(PROJECT, file), join(project, file), { recursive: true });
  symlinkSync(join(PROJECT, "node_modules"), join(project, "node_modules"));
  symlinkSync(charts, join(project, "charts"));
  writeFileSync(join(project, "certs/minio-internal-company-ca.pem"), minio.ca.pem);
}

const AZURE_STANDIN = join(import.meta.dirname, "azure-native/pulumi-resource-azure-native");

function installPlugins(pulumiHome: string, { plugins }: Programs): void {
  const azureNative = `resource-azure-native-v${pinnedVersion("@pulumi/azure-native")}`;
  for (const [name, program] of Object.entries({ ...plugins, [azureNative]: AZURE_STANDIN })) {
    const folder = join(pulumiHome, "plugins", name);
    mkdirSync(folder, { recursive: true });
    symlinkSync(program, join(folder, name.replace(/^resource-(.+)-v.*$/, "pulumi-resource-$1")));
  }
}

function environmentOf(
  folder: string,
  pulumiHome: string,
  journal: string,
  { program }: Programs,
  { admin }: Minio,
): Record<string, string> {
  const home = join(folder, "home");
  const backend = join(folder, "backend");
  for (const path of [home, backend]) mkdirSync(path);
  const path = [
    dirname(process.execPath),
    join(import.meta.dirname, "bin"),
    dirname(program.pulumi),
    process.env.PATH ?? "",
  ];
  return {
    PATH: path.join(delimiter),
    HOME: home,
    // A stack that used the current context would find this.
    KUBECONFIG: join(folder, "no-such-kubeconfig"),
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "tests/cluster",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
    MINIO_USER: admin.accessKey,
    MINIO_PASSWORD: admin.secretKey,
    KUBELOGIN_STANDIN_TOKENS: folder,
    LOGGING_NODE: process.execPath,
    AZURE_STANDIN_STATE: join(folder, "azure-pools.json"),
    AZURE_STANDIN_KUBECONFIG: join(folder, "{cluster}.kubeconfig"),
    AZURE_STANDIN_JOURNAL: journal,
    ARM_SUBSCRIPTION_ID: "00000000-0000-0000-0000-000000000000",
  };
}

/** Changes a stack's config file. @returns a function that restores it. */
function changeFile(file: string, change: (config: StackConfig) => void): () => void {
  const before = readFileSync(file, "utf8");
  const document = parse(before) as { config: StackConfig };
  change(document.config);
  // Pulumi reads YAML 1.1, in which a date without quotes is a time.
  writeFileSync(file, stringify(document, { schema: "yaml-1.1" }));
  return () => writeFileSync(file, before);
}

async function runCli(
  pulumi: string,
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  try {
    const { stdout, stderr } = await promisify(execFile)(pulumi, [...args, "--non-interactive"], {
      cwd,
      env: { ...process.env, ...environment },
      maxBuffer: 64 * 2 ** 20,
    });
    return { exitCode: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout: string; stderr: string };
    return { exitCode: code ?? -1, output: stdout + stderr };
  }
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
