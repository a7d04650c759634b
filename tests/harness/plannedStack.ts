// Runs the project's program, or only its config, on a stack's config with changes.
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  mockMonitor,
  type OfflinePlan,
  type PlannedResource,
  type PlanOptions,
  planOffline,
} from "../../automation/plan/offlinePlan.ts";
import { readStackFile, type StackFile } from "../../automation/plan/stackFiles.ts";
import { type Finding, InvalidArgumentsError } from "../../components/findings.ts";
import { loadConfig, type StackConfig } from "../../stack/config.ts";
import type { Loose } from "./manifest.ts";

export const STACKS = ["prod-aks-a", "prod-aks-b"] as const;

/** The changed config of a production stack. Secrets are top-level texts named in `secretKeys`. */
export function stackFile(change: (config: Loose) => void = () => {}, options: Partial<StackFile> = {}): StackFile {
  const stack = options.stack ?? "prod-aks-a";
  const file = readStackFile(stack);
  const config: Loose = Object.fromEntries(
    Object.entries(file.config).map(([key, text]) => [
      key.replace(/^logging:/, ""),
      /^[[{]/.test(text) ? JSON.parse(text) : text,
    ]),
  );
  change(config);
  return {
    stack,
    config: Object.fromEntries(
      Object.entries(config)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [
          key.includes(":") ? key : `logging:${key}`,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
    ),
    secretKeys: (options.secretKeys ?? []).map((key) => (key.includes(":") ? key : `logging:${key}`)),
  };
}

let last: Promise<unknown> = Promise.resolve();

/** Runs one piece of work after the other: mocks and config are global to the process. */
export function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work);
  last = turn.catch(() => undefined);
  return turn;
}

/** The plan of a stack. */
export const plan = (file: StackFile, options?: PlanOptions): Promise<OfflinePlan> =>
  exclusively(() => planOffline(file, options));

const plans = new Map<string, Promise<OfflinePlan>>();

/** The plan of a production stack as committed. Made once for all tests. */
export function planOf(stack: string): Promise<OfflinePlan> {
  const planned = plans.get(stack) ?? plan(readStackFile(stack));
  plans.set(stack, planned);
  return planned;
}

/** Reads and checks a config. Registers nothing. */
export function load(file: StackFile): Promise<StackConfig> {
  return exclusively(async () => {
    await pulumi.runtime.setMocks(
      { newResource: ({ name }) => assert.fail(`${name} was registered`), call: () => ({}) },
      "logging",
      file.stack,
      false,
    );
    pulumi.runtime.setAllConfig({ ...file.config }, [...file.secretKeys]);
    mockMonitor();
    return loadConfig();
  });
}

/** The error with which a config is refused. `undefined` if it is accepted. */
export async function refusal(file: StackFile): Promise<InvalidArgumentsError | undefined> {
  try {
    await load(file);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidArgumentsError) return error;
    throw error;
  }
}

/** The one problem at a path. */
export function problemAt(error: InvalidArgumentsError | undefined, path: string): Finding {
  const found = error?.problems.filter((problem) => problem.subject === path) ?? [];
  assert.equal(
    found.length,
    1,
    `one problem at ${path}, but: ${error?.problems.map((p) => `${p.subject}: ${p.text}`).join("; ") ?? "none at all"}`,
  );
  return found[0] as Finding;
}

export const RELEASE = "kubernetes:helm.sh/v3:Release";

/** The only resource with this logical name, and with this type if one is given. */
export function resource(plan: OfflinePlan, name: string, type?: string): PlannedResource {
  const found = plan.resources.filter((r) => r.name === name && (type === undefined || r.type === type));
  assert.equal(found.length, 1, `one resource ${name}`);
  return found[0] as PlannedResource;
}

/** The values of a release. */
export const valuesOf = (plan: OfflinePlan, release: "loki" | "alloy"): Loose =>
  resource(plan, `logging-${release}`, RELEASE).inputs.values;
