import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { CapacityReport } from "../../components/nodePool/capacity.ts";
import { keyOfUrn, resourceKey } from "../engine/urn.ts";
import { markedSecret, SECRET } from "./secretMarks.ts";
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
  /** `type::name` of everything that must exist first. */
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

/** A kubeconfig as AKS would hand it out, for programs that ask Azure for one. */
const KUBECONFIG = "apiVersion: v1\nkind: Config\nclusters: [{ name: offline }]\nusers: [{ name: offline }]\n";

/** Options of {@link planOffline}. */
export interface PlanOptions {
  /** Folder of another version of the project, whose program runs. Its capacity is not computed. @default this project */
  readonly project?: URL;
  /**
   * Marks secrets as `[secret 1a2b3c]` and names of replaced objects as `[auto 1a2b3c]`, so that two plans can be compared. These are
   * marks of placeholders: no real secret is known offline.
   */
  readonly tellSecretsApart?: boolean;
}

/** Mocks that compute what providers would. */
const mocksOf = (tellApart: boolean): pulumi.runtime.Mocks => ({
  newResource({ type, name, inputs, custom }) {
    const state: Record<string, unknown> = { ...inputs };
    if (type.startsWith("kubernetes:") && inputs.metadata && !inputs.metadata.name) {
      // The provider will name it. A changed immutable object is replaced, and so gets another name.
      const mark = tellApart && inputs.immutable ? `auto ${digest(masked(inputs, true))}` : "auto";
      state.metadata = { ...inputs.metadata, name: `${name}-[${mark}]` };
    }
    if (type === "random:index/randomPassword:RandomPassword") {
      // A different length, or different keepers, make a different password.
      const generation = tellApart ? digest(inputs) : "";
      // Mocks ignore additionalSecretOutputs, so this marks the secret.
      state.result = {
        [SIGNATURE]: SECRET_SIGNATURE,
        value: `offlinePassword${name.replaceAll("-", "")}${generation}`,
      };
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
});

const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 6);

const OWN_PROJECT = new URL("../..", import.meta.url);

let runs = 0;

/** The parts of the SDK's mock monitor that are wrapped here. */
interface Monitor {
  registerResource(request: RegisterRequest, callback: unknown): Promise<void>;
  registerResourceHook?: RegisterHook;
  registerErrorHook?: RegisterHook;
  registerResourceOutputs(request: { getUrn(): string; getOutputs(): WireStruct }, callback: unknown): void;
}
type RegisterHook = (request: unknown, callback: (error: null, response: object) => void) => void;
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
export async function planOffline(
  file: StackFile,
  { project, tellSecretsApart = false }: PlanOptions = {},
): Promise<OfflinePlan> {
  // A module runs once per address. The query makes a new address for every plan.
  runs += 1;
  const program = new URL(`index.ts?run=${runs}`, project ?? OWN_PROJECT).href;
  const recorded = await recordProgram("logging", file, () => import(program), tellSecretsApart);
  const capacity = project ? undefined : await ownCapacity();
  return { stack: file.stack, ...recorded, ...(capacity && { capacity }) };
}

/** The capacity of the current stack's nodes. Other versions of the project have other modules. */
async function ownCapacity(): Promise<CapacityReport | undefined> {
  const { loadConfig } = await import("../../stack/config.ts");
  return loadConfig().resolved.capacity;
}

/** The SDK's mock monitor. Unlike the SDK's own, it accepts hooks, which only the engine calls. */
export function mockMonitor(): Monitor {
  const monitor = (pulumi.runtime as unknown as { getMonitor(): Monitor }).getMonitor();
  const acceptHook: RegisterHook = (_request, callback) => callback(null, {});
  monitor.registerResourceHook ??= acceptHook;
  monitor.registerErrorHook ??= acceptHook;
  return monitor;
}

/** Everything that a Pulumi program registers, with mocks instead of the engine and the providers. */
export async function recordProgram(
  project: string,
  { stack, config, secretKeys }: StackFile,
  program: () => Promise<unknown>,
  tellSecretsApart = false,
): Promise<Pick<OfflinePlan, "resources" | "outputs" | "warnings">> {
  await pulumi.runtime.setMocks(mocksOf(tellSecretsApart), project, stack, false);
  pulumi.runtime.setAllConfig(config, [...secretKeys]);

  const resources: PlannedResource[] = [];
  let outputs: Record<string, unknown> = {};
  const monitor = mockMonitor();
  // Mocks do not get parent, protect and dependencies. The request has them.
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    resources.push(plannedResource(request, tellSecretsApart));
    return register(request, callback);
  };
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, callback) => {
    if (request.getUrn().includes("pulumi:pulumi:Stack"))
      outputs = masked(request.getOutputs().toJavaScript()) as typeof outputs;
    registerOutputs(request, callback);
  };

  let failure: { readonly error: unknown } | undefined;
  // Thrown only afterwards: the runtime would otherwise raise the error again, unhandled, and end the process.
  const caught = () =>
    program().catch((error: unknown) => {
      failure = { error };
    });
  const warnings = await withWarnings(async () => {
    await pulumi.runtime.runInPulumiStack(caught);
    await pulumi.runtime.disconnect();
  });
  if (failure) throw failure.error;
  const sorted = resources
    .filter((r) => r.type !== "pulumi:pulumi:Stack")
    .sort((a, b) => (resourceKey(a) < resourceKey(b) ? -1 : 1));
  return { resources: sorted, outputs, warnings };
}

function plannedResource(request: RegisterRequest, tellApart: boolean): PlannedResource {
  const parent = request.getParent();
  return {
    type: request.getType(),
    name: request.getName(),
    ...(parent && { parent: keyOfUrn(parent) }),
    inputs: masked(request.getObject()?.toJavaScript() ?? {}, tellApart) as Record<string, unknown>,
    protect: request.getProtect(),
    dependsOn: request.getDependenciesList().map(keyOfUrn).sort(),
    ignoreChanges: request.getIgnorechangesList(),
  };
}

function masked(value: unknown, tellApart = false): unknown {
  if (Array.isArray(value)) return value.map((entry) => masked(entry, tellApart));
  if (typeof value !== "object" || value === null) return value;
  const map = value as Record<string, unknown>;
  if (map[SIGNATURE] === SECRET_SIGNATURE) return tellApart ? markedSecret(digest(map.value)) : SECRET;
  if (map[SIGNATURE] !== undefined) return "urn" in map ? keyOfUrn(String(map.urn)) : masked(map.value, tellApart);
  return Object.fromEntries(Object.entries(map).map(([k, v]) => [k, masked(v, tellApart)]));
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
