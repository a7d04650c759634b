// The programs that the stack is compared with. All are bench/flat with the same resources, word for word; what differs is what
// they import and what loads them.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";

const BENCH = resolve(import.meta.dirname, "..");

/**
 * What a program imports, in the names that bench/flat uses:
 * - `module`: the modules of the providers' packages that are needed, as bench/flat itself.
 * - `file`: the files of the resources alone, as the stack.
 * - `root`: the packages. What most people write: in Kubernetes programs nearly everybody, as in Pulumi's templates.
 * - `template`: as Pulumi's templates azure-typescript and kubernetes-typescript: azure-native by module, the others by package.
 */
export type Imports = "module" | "file" | "root" | "template";

const PACKAGES = `
import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
`;
const KUBERNETES = `
const core = k8s.core.v1;
const helm = k8s.helm.v3;
const networking = k8s.networking.v1;
`;

const IMPORTS: Readonly<Record<Exclude<Imports, "module">, string>> = {
  file: `
import { AgentPool } from "@pulumi/azure-native/containerservice/agentPool.js";
import { listManagedClusterUserCredentialsOutput } from "@pulumi/azure-native/containerservice/listManagedClusterUserCredentials.js";
import * as azure from "@pulumi/azure-native/provider.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import * as k8s from "@pulumi/kubernetes/provider.js";
import { IamPolicy } from "@pulumi/minio/iamPolicy.js";
import { IamUser } from "@pulumi/minio/iamUser.js";
import { IamUserPolicyAttachment } from "@pulumi/minio/iamUserPolicyAttachment.js";
import { Provider as MinioProvider } from "@pulumi/minio/provider.js";
import { S3Bucket } from "@pulumi/minio/s3bucket.js";
import * as pulumi from "@pulumi/pulumi";
import { Provider as RandomProvider } from "@pulumi/random/provider.js";
import { RandomPassword } from "@pulumi/random/randomPassword.js";

const containerservice = { AgentPool, listManagedClusterUserCredentialsOutput };
const core = { ConfigMap, Namespace, Secret };
const helm = { Release };
const networking = { NetworkPolicy };
const minio = { IamPolicy, IamUser, IamUserPolicyAttachment, Provider: MinioProvider, S3Bucket };
const random = { Provider: RandomProvider, RandomPassword };
`,
  root: `
import * as azure from "@pulumi/azure-native";
import * as k8s from "@pulumi/kubernetes";${PACKAGES}
const { containerservice } = azure;${KUBERNETES}`,
  template: `
import * as azure from "@pulumi/azure-native/provider";
import * as containerservice from "@pulumi/azure-native/containerservice";
import * as k8s from "@pulumi/kubernetes";${PACKAGES}${KUBERNETES}`,
};

/** bench/flat with other imports. */
export function flatSource(imports: Imports = "module"): string {
  const source = readFileSync(join(BENCH, "flat/index.ts"), "utf8");
  if (imports === "module") return source;
  const [first = "", ...others] = source.match(/^import .*"@pulumi\/.*\n/gm) ?? [];
  return others.reduce((text, line) => text.replace(line, ""), source).replace(first, IMPORTS[imports].trimStart());
}

/**
 * What loads a program:
 * - `node`: Node itself, `typescript: false`, as bench/flat.
 * - `node, compile cache`: the same with the stack's own preload, which keeps what was compiled.
 * - `usual`: bench/usual. `runtime: nodejs` and nothing else, package.json and tsconfig.json as Pulumi's templates have them (all of
 *   July 2026: CommonJS, `nodenext`, strict, a compiler in devDependencies and no ts-node, so that the SDK's own ts-node loads the
 *   program and checks its types with the project's compiler). The templates say typescript ^5; here it is what the stack's
 *   package.json says.
 */
export type Loader = "node" | "node, compile cache" | "usual";

export interface Program {
  readonly name: string;
  readonly imports: Imports;
  readonly loader: Loader;
}

/** Where the program's resources are. */
export interface Places {
  readonly minioServer: string;
  readonly caFile: string;
  readonly lokiChart: string;
  readonly alloyChart: string;
}

/** Config keys of a program as the engine hands them over; they are named after the project. */
export const programConfig = (project: string, places: Places): Record<string, string> =>
  Object.fromEntries(Object.entries(places).map(([key, value]) => [`${project}:${key}`, value]));

/**
 * Writes a program into a folder.
 *
 * @param project the stack's own, whose packages, charts and certificates it shares.
 */
export function writeProgram({ imports, loader }: Program, folder: string, project: string): void {
  mkdirSync(folder, { recursive: true });
  for (const shared of ["node_modules", "charts", "certs"]) symlinkSync(join(project, shared), join(folder, shared));
  if (loader === "usual") cpSync(join(BENCH, "usual"), folder, { recursive: true });
  else {
    const yaml = parse(readFileSync(join(BENCH, "flat/Pulumi.yaml"), "utf8"));
    if (loader !== "node") yaml.runtime.options.nodeargs = "--require ./requireNode.cjs";
    writeFileSync(join(folder, "Pulumi.yaml"), stringify(yaml));
    for (const file of ["package.json", "requireNode.cjs"]) cpSync(join(project, file), join(folder, file));
  }
  writeFileSync(join(folder, "index.ts"), flatSource(imports));
}

/** The project's name in a program's Pulumi.yaml. */
export const projectOf = ({ loader }: Program): string => (loader === "usual" ? "usual" : "flat");
