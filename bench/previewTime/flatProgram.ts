// A program with the resources of a stack, as one writes them without a component, config or checks. It is generated from the stack's
// offline plan, so it always has the same resources.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { PlannedResource } from "../../automation/plan/offlinePlan.ts";
import { SECRET } from "../../automation/plan/secretMarks.ts";

/** The module of a resource's class in the program, and the provider it uses, by the beginning of its type. */
const CLASSES: ReadonlyArray<readonly [type: string, module: string, provider: string, className?: string]> = [
  ["azure-native:containerservice:", "containerservice", "azureProvider"],
  ["kubernetes:cilium.io/", "apiextensions", "kubernetesProvider", "CustomResource"],
  ["kubernetes:core/v1:", "core", "kubernetesProvider"],
  ["kubernetes:helm.sh/v3:", "helm", "kubernetesProvider"],
  ["kubernetes:networking.k8s.io/v1:", "networking", "kubernetesProvider"],
  ["minio:", "minio", "minioProvider"],
  ["random:", "random", "randomProvider"],
];

/** Providers as the stack has them. The replacements make the kubeconfig one for pipelines, as the stack does. */
const prelude = (
  minioServer: string,
): string => `import * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import * as azure from "@pulumi/azure-native/provider.js";
import * as apiextensions from "@pulumi/kubernetes/apiextensions/customResource.js";
import * as core from "@pulumi/kubernetes/core/v1/index.js";
import * as helm from "@pulumi/kubernetes/helm/v3/index.js";
import * as networking from "@pulumi/kubernetes/networking/v1/index.js";
import * as k8s from "@pulumi/kubernetes/provider.js";
import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const azureProvider = new azure.Provider("azure", { subscriptionId: "00000000-0000-0000-0000-000000000000" });
const credentials = containerservice.listManagedClusterUserCredentialsOutput(
  { resourceGroupName: "rg-prod-aks-a", resourceName: "prod-aks-a", format: "exec" },
  { provider: azureProvider },
);
const kubernetesProvider = new k8s.Provider("kubernetes", {
  kubeconfig: pulumi.secret(
    credentials.apply(({ kubeconfigs }) =>
      Buffer.from(kubeconfigs[0]?.value ?? "", "base64")
        .toString("utf8")
        .replace(/ *- --client-id\\n.*\\n/, "")
        .replace("devicecode", "azurecli"),
    ),
  ),
  clusterIdentifier: "prod-aks-a",
});
const minioProvider = new minio.Provider("minio", {
  minioServer: ${JSON.stringify(minioServer)},
  minioSsl: true,
  minioRegion: "us-east-1",
  minioCacertFile: "certs/minio-internal-company-ca.pem",
});
const randomProvider = new random.Provider("random", {});
`;

const keyOf = ({ type, name }: PlannedResource): string => `${type}::${name}`;

/**
 * Source of the program.
 *
 * @param planned resources of the stack.
 * @param minioServer `host:port` of MinIO.
 * @throws for a type of resource that it does not know.
 */
export function flatSource(planned: readonly PlannedResource[], minioServer: string): string {
  const resources = inOrder(planned.filter(({ type }) => !/^(pulumi:providers|logging):/.test(type)));
  const declarations = resources.map((resource) => {
    const [, module, provider, className = resource.type.split(":").at(-1)] =
      CLASSES.find(([start]) => resource.type.startsWith(start)) ?? [];
    if (!module) throw new Error(`the flat program does not know the type ${resource.type}`);
    const { inputs, protect, ignoreChanges, dependsOn } = resource;
    const options = [
      `provider: ${provider}`,
      ...(protect ? ["protect: true"] : []),
      ...(ignoreChanges.length > 0 ? [`ignoreChanges: ${JSON.stringify(ignoreChanges)}`] : []),
      `dependsOn: [${dependsOn.map(variableOf).join(", ")}]`,
    ];
    const args = expression(inputs, resource);
    return `const ${variableOf(keyOf(resource))} = new ${module}.${className}(
  ${JSON.stringify(resource.name)},
  ${args},
  { ${options.join(", ")} },
);`;
  });
  return `${prelude(minioServer)}\n${declarations.join("\n")}\n`;
}

/** `kubernetes:core/v1:Secret::logging-gateway-login` -> `secretLoggingGatewayLogin`. */
function variableOf(key: string): string {
  const [type = "", name = ""] = key.split("::");
  const words = `${type.split(":").at(-1)}-${name}`.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return words.charAt(0).toLowerCase() + words.slice(1);
}

/** Each resource after those that it depends on. */
function inOrder(resources: readonly PlannedResource[]): PlannedResource[] {
  const sorted: PlannedResource[] = [];
  const waiting = new Set(resources);
  while (waiting.size > 0) {
    const ready = [...waiting].filter(
      ({ dependsOn }) => ![...waiting].some((other) => dependsOn.includes(keyOf(other))),
    );
    if (ready.length === 0) throw new Error("the planned resources depend on each other in a circle");
    sorted.push(...ready);
    for (const resource of ready) waiting.delete(resource);
  }
  return sorted;
}

/** The source of a value: a literal, but for secrets and generated names, which come from another resource. */
function expression(value: unknown, resource: PlannedResource, key = ""): string {
  if (value === SECRET) {
    const password = resource.dependsOn.find((other) => /:RandomPassword::/.test(other));
    if (!password) throw new Error(`${resource.name}: no password for the secret in ${key}`);
    const result = `${variableOf(password)}.result`;
    return key === "stringData" ? `{ secret: ${result} }` : result;
  }
  if (typeof value === "string") {
    const generated = /^(.*)-\[auto\]$/.exec(value)?.[1];
    const source = generated && resource.dependsOn.find((other) => other.endsWith(`::${generated}`));
    return source ? `${variableOf(source)}.metadata.name` : JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((entry) => expression(entry, resource)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value);
  return `{ ${entries.map(([name, inner]) => `${JSON.stringify(name)}: ${expression(inner, resource, name)}`).join(", ")} }`;
}

/**
 * Writes the program into a folder.
 *
 * @param project the stack's project, whose packages, charts and certificates the program shares.
 * @param compileCache whether Node keeps what it compiled, as it does for the stack.
 */
export function writeFlatProgram(
  folder: string,
  source: string,
  { project, compileCache }: { project: string; compileCache: boolean },
): void {
  mkdirSync(folder, { recursive: true });
  for (const shared of ["node_modules", "charts", "certs"]) symlinkSync(join(project, shared), join(folder, shared));
  for (const file of ["package.json", "requireNode.cjs"]) cpSync(join(project, file), join(folder, file));
  const options = { typescript: false, ...(compileCache && { nodeargs: "-r ./requireNode.cjs" }) };
  const projectFile = {
    ...{ name: "flat", main: "index.ts", runtime: { name: "nodejs", options } },
    config: { "pulumi:disable-default-providers": { value: ["*"] } },
  };
  writeFileSync(join(folder, "Pulumi.yaml"), stringify(projectFile));
  writeFileSync(join(folder, "index.ts"), source);
}
