import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Stack, UpResult } from "@pulumi/pulumi/automation/index.js";
import { parse } from "yaml";
import { timed } from "../harness/figures.ts";
import { type ControlPlane, startControlPlane } from "../harness/kubernetes/controlPlane.ts";
import { startEtcd } from "../harness/kubernetes/etcd.ts";
import { type Minio, startMinio } from "../harness/minio.ts";
import { stopAll } from "../harness/processes.ts";
import { findPrograms, type Programs } from "../harness/pulumi/findPrograms.ts";
import { type PulumiEngine, preparePulumi, type StackConfig } from "../harness/pulumi/pulumiEngine.ts";
import { OperationLog } from "./engineEvents.ts";

/** The two committed stacks. */
export const STACKS = ["prod-aks-a", "prod-aks-b"] as const;
export type StackName = (typeof STACKS)[number];

/** One stack with everything around it. */
export interface Deployment {
  readonly name: StackName;
  readonly bucket: string;
  readonly cluster: ControlPlane;
  readonly stack: Stack;
}

/** The result of the first `up` of a stack, and its steps. */
export interface FirstUp {
  readonly result: UpResult;
  readonly log: OperationLog;
}

/** Everything that the scenarios share. */
export interface Environment {
  readonly folder: string;
  readonly programs: Programs;
  readonly minio: Minio;
  readonly engine: PulumiEngine;
  readonly deployments: Readonly<Record<StackName, Deployment>>;
  readonly loggingNodes: number;
}

let started: Promise<Environment> | undefined;
let deployed: ReturnType<typeof deployedStacks> | undefined;
let folder: string | undefined;

/** Starts all servers and configures both stacks, on first use. Deploys nothing. */
export const sharedEnvironment = (): Promise<Environment> => {
  started ??= timed("two control planes, MinIO and the project ready", startEnvironment);
  return started;
};

/**
 * Starts all servers and deploys both stacks, on first use. The scenarios then change the same stacks one after the other, as in production.
 * If the first deploy fails, every scenario fails.
 */
export const deployedStacks = (): Promise<Environment & { firstUps: Readonly<Record<StackName, FirstUp>> }> => {
  deployed ??= deploy();
  return deployed;
};

async function deploy(): ReturnType<typeof deployedStacks> {
  const environment = await sharedEnvironment();
  const firstUp = async ({ name, stack }: Deployment): Promise<[StackName, FirstUp]> => {
    const log = new OperationLog();
    const options = { onEvent: log.record, color: "never", diff: true } as const;
    return [name, { result: await timed(`  up of ${name}`, () => stack.up(options)), log }];
  };
  const ups = await timed("up of both stacks, side by side", () =>
    Promise.all(STACKS.map((name) => firstUp(environment.deployments[name]))),
  );
  return { ...environment, firstUps: Object.fromEntries(ups) as Record<StackName, FirstUp> };
}

async function startEnvironment(): Promise<Environment> {
  const found = findPrograms();
  if ("missing" in found) throw new Error(found.missing.join("\n"));
  const { programs } = found;
  folder = mkdtempSync(join(tmpdir(), "logging-cluster-"));
  const loggingNodes = largestPool("prod-aks-a");
  const [minio, etcd] = await Promise.all([startMinio(programs.program, folder), startEtcd(programs, folder)]);
  const at = folder;
  const clusters = await Promise.all(STACKS.map((name) => startControlPlane(programs, at, name, etcd, loggingNodes)));
  const engine = preparePulumi(programs, folder, minio);
  const deployments: Partial<Record<StackName, Deployment>> = {};
  for (const [i, name] of STACKS.entries()) {
    const stack = await engine.createStack(name);
    // MinIO's admin: from secret config in one stack, from the provider's environment in the other.
    if (i === 0) {
      await stack.setConfig("logging:minioAdminUser", { value: minio.admin.accessKey });
      await stack.setConfig("logging:minioAdminPassword", { value: minio.admin.secretKey, secret: true });
    }
    deployments[name] = { name, bucket: `loki-${name}`, cluster: clusters[i] as ControlPlane, stack };
  }
  return {
    folder,
    programs,
    minio,
    engine,
    loggingNodes,
    deployments: deployments as Record<StackName, Deployment>,
  };
}

/** Runs with a changed config of a stack, and restores the config afterwards. */
export async function withConfig<T>(
  name: StackName,
  change: (config: StackConfig) => void,
  run: () => Promise<T>,
): Promise<T> {
  const { engine } = await deployedStacks();
  const restore = engine.changeConfig(name, change);
  try {
    return await run();
  } finally {
    restore();
  }
}

/** The largest number of nodes in the pool, which the program's capacity check counts with. */
const largestPool = (stack: StackName): number =>
  parse(readFileSync(resolve(import.meta.dirname, `../../Pulumi.${stack}.yaml`), "utf8")).config["logging:nodePool"]
    .maxCount;

/** Stops every server and removes the folder, unless `KEEP` is set. */
export async function endEnvironment(): Promise<void> {
  await stopAll();
  if (!folder) return;
  if (process.env.KEEP) console.log(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
