import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findOrBuild, type Programs, standIns } from "../builtPrograms.ts";
import { Cluster } from "../pods/cluster.ts";
import { makeNetwork, NAME_SERVER } from "../pods/network.ts";
import { nodeFolder, type Probe } from "../pods/pod.ts";
import { MINIO, ObjectStore } from "./objectStore.ts";
import { Pusher } from "./pusher.ts";
import { LogQueries } from "./queries.ts";
import { type RenderedStack, renderStack } from "./renderedStack.ts";

/** One stack, running. */
export interface Environment {
  readonly folder: string;
  readonly programs: Programs;
  readonly store: ObjectStore;
  readonly stack: RenderedStack;
  readonly cluster: Cluster;
  /** Where the first node's pods log, as the kubelet has it. */
  readonly podLogs: string;
  readonly queries: LogQueries;
}

let started: Promise<Environment> | undefined;
let folder: string | undefined;

/** What is started, where it is not the usual. */
export interface EnvironmentOptions {
  /**
   * Which of the pods' probes says that they are ready. Writers call themselves ready only after 15 s without a change, which a person
   * at a terminal need not wait for.
   */
  readonly probe?: Probe;
  /** How many nodes log, each with an Alloy of its own. */
  readonly nodes?: number;
  /** What is run, given the file of MinIO's CA. */
  readonly render?: (caFile: string) => Promise<RenderedStack>;
  /** Called with the folder in which the first node's pods log, before Alloy is there: what logs then need not be looked for. */
  readonly logFirst?: (podLogs: string) => void;
}

/** The stack with everything around it, started on first use and shared by all scenarios. */
export const environment = (options: EnvironmentOptions = {}): Promise<Environment> => {
  started ??= start(options);
  return started;
};

async function start({
  probe = "readiness",
  nodes = 1,
  render = (caFile) => renderStack({ stack: "prod-aks-a", caFile }),
  logFirst = () => {},
}: EnvironmentOptions): Promise<Environment> {
  const programs = await findOrBuild();
  for (const line of standIns()) console.log(line);
  folder = mkdtempSync(join(tmpdir(), "logging-pipeline-"));
  makeNetwork();
  useNameServer(folder);
  const store = new ObjectStore(programs, folder);
  // It comes up while the charts are rendered.
  store.launch();
  const stack = await render(store.ca.certificate);
  const podLogs = podLogsOf(folder, 0);
  for (let node = 0; node < nodes; node++) mkdirSync(podLogsOf(folder, node), { recursive: true });
  logFirst(podLogs);
  const cluster = await Cluster.make(
    stack.manifests,
    { folder, programs, namespace: stack.namespace, probe, objects: () => stack.objects },
    { [MINIO.host]: MINIO.address },
    nodes,
  );
  // These ask nothing of MinIO.
  for (const pod of cluster.pods) if (!cluster.loki.includes(pod) && !cluster.agents.includes(pod)) pod.start();
  await store.answers();
  await store.grant(stack);
  const queries = new LogQueries(`http://${cluster.gatewayAddress}`, () => stack.gatewayLogin);
  const all = { folder, programs, store, stack, cluster, podLogs, queries };
  // As the stack does it: Loki first, then what would get a 401 from a gateway that is not there yet.
  await startLoki(all);
  if (programs.alloy) {
    for (const agent of cluster.agents) agent.start();
    await cluster.waitUntilReady(cluster.agents);
  } else {
    new Pusher(podLogs, stack).start();
  }
  return all;
}

/** Where a node's pods log. */
export const podLogsOf = (folder: string, node: number): string => join(nodeFolder(folder, node), "var/log/pods");

/** Starts caches, Loki and the gateway, and waits until they are ready. */
export async function startLoki({ cluster }: Pick<Environment, "cluster">): Promise<void> {
  const pods = cluster.pods.filter((pod) => !cluster.agents.includes(pod) && !pod.running);
  for (const pod of pods) pod.start();
  await cluster.waitUntilReady(pods);
}

/** Stops and starts pods one after the other, each ready before the next one goes, as a roll-out does. */
export async function restartInTurn(cluster: Cluster, pods: ReadonlyArray<Cluster["pods"][number]>): Promise<void> {
  for (const pod of pods) {
    await stopAll([pod]);
    pod.start();
    await cluster.waitUntilReady([pod]);
  }
}

/** Rolls Loki onto what its Secrets and ConfigMaps hold now, as an `up` does. */
export async function rollLoki(cluster: Cluster): Promise<void> {
  for (const component of ["write", "read", "backend"] as const)
    await restartInTurn(cluster, cluster.component(component));
}

/** All of Loki and its gateway gone at once, with their disks kept. */
export async function killLoki({ cluster }: Pick<Environment, "cluster">): Promise<void> {
  await Promise.all([...cluster.loki, ...cluster.component("gateway")].map((pod) => pod.kill()));
}

/**
 * Stops all of Loki as a roll-out does, with time to flush, takes its disks and caches away, and starts it again: what is found then
 * is what MinIO holds.
 */
export async function startLokiWithEmptyDisks(environment: Environment): Promise<void> {
  const { cluster } = environment;
  const pods = cluster.pods.filter((pod) => !cluster.agents.includes(pod));
  // Writers first: the others have to be there while they flush.
  await stopAll(cluster.component("write"));
  await stopAll(pods);
  for (const pod of pods) pod.emptyDisks();
  await startLoki(environment);
}

async function stopAll(pods: ReadonlyArray<Cluster["pods"][number]>): Promise<void> {
  const late = await Promise.all(pods.map(async (pod) => ((await pod.stop()) ? [] : [pod.name])));
  if (late.flat().length > 0) throw new Error(`did not stop in their grace period: ${late.flat().join(", ")}`);
}

/** This process asks the cluster's DNS too, and nothing that the machine knows of its own. Its mounts are not the machine's. */
function useNameServer(at: string): void {
  for (const [name, text] of [
    ["resolv.conf", `nameserver ${NAME_SERVER}\n`],
    ["hosts", "127.0.0.1 localhost\n"],
  ] as const) {
    const file = join(at, name);
    writeFileSync(file, text);
    execFileSync("mount", ["--bind", file, join("/etc", name)]);
  }
}

/** Stops everything and removes the folder, unless `KEEP` is set. */
export async function endEnvironment(): Promise<void> {
  const running = await started?.catch(() => undefined);
  await Promise.all((running?.cluster.pods ?? []).map((pod) => pod.kill()));
  await running?.store.kill();
  if (!folder) return;
  if (process.env.KEEP) console.log(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
