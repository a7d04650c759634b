import * as pulumi from "@pulumi/pulumi";
import type { CapacityReport } from "../components/capacity.ts";
import { resolveArgs } from "../components/resolveArgs.ts";
import { loadConfig } from "../config.ts";
import type { StackFile } from "./stackFiles.ts";

/** One resource as the program registered it. */
export interface PlannedResource {
  readonly type: string;
  readonly name: string;
  /** `type::name` of the parent. */
  readonly parent?: string;
  /** Inputs, with secrets as `"[secret]"`. */
  readonly inputs: Record<string, unknown>;
  readonly protect: boolean;
  /** `type::name` of everything that has to be there first. */
  readonly dependsOn: readonly string[];
  readonly ignoreChanges: readonly string[];
}

/** What a stack would create. */
export interface OfflinePlan {
  readonly stack: string;
  readonly resources: readonly PlannedResource[];
  readonly outputs: Record<string, unknown>;
  readonly warnings: readonly string[];
  readonly capacity?: CapacityReport;
}

/** How Pulumi marks a secret on the wire. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const SECRET = "[secret]";

/** A kubeconfig as AKS would hand it out, for programs that ask Azure for one. */
const KUBECONFIG = "apiVersion: v1\nkind: Config\n";

/** Stands in for what providers compute. */
const mocks: pulumi.runtime.Mocks = {
  newResource({ type, name, inputs, custom }) {
    const state: Record<string, unknown> = { ...inputs };
    if (type.startsWith("kubernetes:") && inputs.metadata && !inputs.metadata.name) {
      // The provider names it; shown as what it is.
      state.metadata = { ...inputs.metadata, name: `${name}-[auto]` };
    }
    if (type === "random:index/randomPassword:RandomPassword") {
      // Mocks ignore additionalSecretOutputs, so the envelope has to be put on here.
      state.result = { [SIGNATURE]: SECRET_SIGNATURE, value: `offlinePassword${name.replaceAll("-", "")}` };
    }
    if (type === "azure-native:containerservice:AgentPool") state.name = inputs.agentPoolName;
    return { id: custom ? `${name}-[id]` : undefined, state };
  },
  call({ token }) {
    if (/listManagedCluster\w+Credentials$/.test(token)) {
      return { kubeconfigs: [{ name: "clusterUser", value: Buffer.from(KUBECONFIG).toString("base64") }] };
    }
    throw new Error(`the offline plan does not know the call ${token}`);
  },
};

let runs = 0;

/** The SDK's mock monitor, as far as it is wrapped here. */
interface Monitor {
  registerResource(request: RegisterRequest, callback: unknown): Promise<void>;
  registerResourceHook?(request: unknown, callback: (error: null, response: object) => void): void;
  registerResourceOutputs(request: { getUrn(): string; getOutputs(): WireStruct }, callback: unknown): void;
}
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getObject(): WireStruct | undefined;
  getProtect(): boolean;
  getDependenciesList(): string[];
  getIgnorechangesList(): string[];
}
interface WireStruct {
  toJavaScript(): Record<string, unknown>;
}

/**
 * Runs the program of one stack through Pulumi's own runtime with mocks: no engine, cluster, cloud or credentials.
 *
 * @throws {InvalidArgumentsError} when the config is refused.
 */
export async function planOffline(file: StackFile): Promise<OfflinePlan> {
  // A module runs once for each address, and every plan needs a run of its own.
  runs += 1;
  const recorded = await recordProgram("logging", file, () => import(`../index.ts?run=${runs}`));
  const { capacity } = resolveArgs(loadConfig().args);
  return { stack: file.stack, ...recorded, ...(capacity && { capacity }) };
}

/** Everything that a Pulumi program registers, with mocks in the place of engine and providers. */
export async function recordProgram(
  project: string,
  { stack, config, secretKeys }: StackFile,
  program: () => Promise<unknown>,
): Promise<Pick<OfflinePlan, "resources" | "outputs" | "warnings">> {
  await pulumi.runtime.setMocks(mocks, project, stack, false);
  pulumi.runtime.setAllConfig(config, [...secretKeys]);

  const resources: PlannedResource[] = [];
  let outputs: Record<string, unknown> = {};
  const monitor = (pulumi.runtime as unknown as { getMonitor(): Monitor }).getMonitor();
  // Mocks are told neither parent nor protect nor dependencies: the request itself has them all.
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    resources.push(plannedResource(request));
    return register(request, callback);
  };
  // The SDK's mock monitor lacks this one call; the engine would call the hook, mocks never do.
  monitor.registerResourceHook ??= (_request, callback) => callback(null, {});
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, callback) => {
    if (request.getUrn().includes("pulumi:pulumi:Stack"))
      outputs = masked(request.getOutputs().toJavaScript()) as typeof outputs;
    registerOutputs(request, callback);
  };

  const warnings = await withWarnings(async () => {
    await pulumi.runtime.runInPulumiStack(program);
    await pulumi.runtime.disconnect();
  });
  const sorted = resources.filter((r) => r.type !== "pulumi:pulumi:Stack").sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { resources: sorted, outputs, warnings };
}

const key = (resource: PlannedResource): string => `${resource.type}::${resource.name}`;

function plannedResource(request: RegisterRequest): PlannedResource {
  const parent = request.getParent();
  return {
    type: request.getType(),
    name: request.getName(),
    ...(parent && { parent: shortUrn(parent) }),
    inputs: masked(request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
    protect: request.getProtect(),
    dependsOn: request.getDependenciesList().map(shortUrn).sort(),
    ignoreChanges: request.getIgnorechangesList(),
  };
}

/** `type::name` of a URN, without the types of its parents. */
const shortUrn = (urn: string): string => {
  const [, , types = "", name = ""] = urn.split("::");
  return `${types.split("$").pop()}::${name}`;
};

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  const map = value as Record<string, unknown>;
  if (map[SIGNATURE] === SECRET_SIGNATURE) return SECRET;
  if (map[SIGNATURE] !== undefined) return "urn" in map ? shortUrn(String(map.urn)) : masked(map.value);
  return Object.fromEntries(Object.entries(map).map(([k, v]) => [k, masked(v)]));
}

/** Warnings that the program logs. Without an engine, Pulumi writes them to the console. */
async function withWarnings(run: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (message: string) => warnings.push(String(message).replace(/^warning: (\[runtime\] )?/, ""));
  try {
    await run();
  } finally {
    console.warn = warn;
  }
  return warnings;
}
