import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster } from "../pods/cluster.ts";
import { makeNetwork, NAME_SERVER } from "../pods/network.ts";
import { nodeFolder, type Probe } from "../pods/node.ts";
import type { Pod } from "../pods/pod.ts";
import { MINIO, ObjectStore } from "./objectStore.ts";
import { Pusher } from "./pusher.ts";
import { LogQueries } from "./queries.ts";
import { type RenderedStack, renderStack } from "./renderedStack.ts";
import { findStackPrograms, type StackPrograms, standIns } from "./requirements.ts";

/** One stack whose pods run as processes. */
export interface RunningStack {
  readonly folder: string;
  readonly programs: StackPrograms;
  readonly store: ObjectStore;
  readonly stack: RenderedStack;
  readonly cluster: Cluster;
  /** Folder in which the pods of the first node log, laid out by the kubelet's rules. */
  readonly podLogs: string;
  readonly queries: LogQueries;
}

export interface RunningStackOptions {
  /**
   * Which probe decides that a pod is ready. Default: readiness. Writers report ready only after 15 s without a change; a person at a
   * terminal does not want to wait for that.
   */
  readonly probe?: Probe;
  /** How many nodes log, each with its own Alloy. Default: 1. */
  readonly nodes?: number;
  /** Renders the stack, given the file of MinIO's CA. Default: prod-aks-a as committed. */
  readonly render?: (caFile: string) => Promise<RenderedStack>;
  /** Called with the first node's log folder before Alloy starts: Alloy then finds these files without a search. */
  readonly logFirst?: (podLogs: string) => void;
}

let started: Promise<RunningStack> | undefined;
let folder: string | undefined;

/** The stack and everything around it. Started on first use and shared by all scenarios; `options` count only for that first use. */
export const runningStack = (options: RunningStackOptions = {}): Promise<RunningStack> => {
  started ??= start(options);
  return started;
};

async function start({
  probe = "readiness",
  nodes = 1,
  render = (caFile) => renderStack({ stack: "prod-aks-a", caFile }),
  logFirst = () => {},
}: RunningStackOptions): Promise<RunningStack> {
  const programs = await findStackPrograms();
  for (const line of standIns()) console.log(line);
  folder = mkdtempSync(join(tmpdir(), "logging-pipeline-"));
  makeNetwork();
  useNameServer(folder);
  const store = new ObjectStore(programs, folder);
  // MinIO starts while the charts are rendered.
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
  // Pods that do not use MinIO need not wait for it.
  for (const pod of cluster.pods) if (!cluster.loki.includes(pod) && !cluster.agents.includes(pod)) pod.start();
  await store.answers();
  await store.grant(stack);
  const queries = new LogQueries(`http://${cluster.gatewayAddress}`, () => stack.gatewayLogin);
  const all = { folder, programs, store, stack, cluster, podLogs, queries };
  // The stack's own order: Loki first, then the agents, which would get a 401 from a gateway that is not ready.
  await startLoki(all);
  await startAgents(all);
  return all;
}

async function startAgents({ programs, cluster, podLogs, stack }: RunningStack): Promise<void> {
  if (!programs.alloy) {
    new Pusher(podLogs, stack).start();
    return;
  }
  for (const agent of cluster.agents) agent.start();
  await cluster.waitUntilReady(cluster.agents);
}

/** Folder in which the pods of a node log. */
export const podLogsOf = (folder: string, node: number): string => join(nodeFolder(folder, node), "var/log/pods");

/** Folder in which the first node keeps what Alloy has read and not yet sent. */
export const alloyStorage = ({ folder }: Pick<RunningStack, "folder">): string =>
  join(nodeFolder(folder, 0), "var/lib/alloy");

/** Starts caches, Loki and the gateway, and waits until they are ready. */
export async function startLoki({ cluster }: Pick<RunningStack, "cluster">): Promise<void> {
  const pods = cluster.pods.filter((pod) => !cluster.agents.includes(pod) && !pod.running);
  for (const pod of pods) pod.start();
  await cluster.waitUntilReady(pods);
}

/** Restarts pods one after the other, as a roll-out does: the next one stops when the one before it is ready. */
export async function restartInTurn(cluster: Cluster, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) {
    if (cluster.agents.includes(pod)) await stopAlloy(pod);
    else await stopAll([pod]);
    pod.start();
    await cluster.waitUntilReady([pod]);
  }
}

/**
 * Stops an Alloy pod as a roll-out does. It ignores SIGTERM and reads until it is killed at the end of its grace period.
 *
 * @throws when it ends before that.
 */
export async function stopAlloy(pod: Pod): Promise<void> {
  if (await pod.stop()) throw new Error(`${pod.name} ended before it was killed; the end of its log:\n${pod.tail()}`);
}

/** Restarts the first node's Alloy as a roll-out does. If it is not running, starts it. */
export async function restartAlloy({ cluster }: Pick<RunningStack, "cluster">): Promise<void> {
  if (cluster.alloy.running) await stopAlloy(cluster.alloy);
  cluster.alloy.start();
  await cluster.waitUntilReady([cluster.alloy]);
}

/** Rolls Loki onto the current content of its Secrets and ConfigMaps, as an `up` does. */
export async function rollLoki(cluster: Cluster): Promise<void> {
  for (const component of ["write", "read", "backend"] as const)
    await restartInTurn(cluster, cluster.component(component));
}

/** Asks the writers to flush, as they do by themselves when a chunk is full. They answer at once. */
export async function flushWriters(cluster: Cluster): Promise<void> {
  const writers = cluster.component("write").filter((pod) => pod.running);
  await Promise.all(
    writers.map((pod) => fetch(`http://${pod.address}:${pod.port("http-metrics")}/flush`, { method: "POST" })),
  );
}

/** Kills all of Loki and its gateway at once. Their disks stay. */
export async function killLoki({ cluster }: Pick<RunningStack, "cluster">): Promise<void> {
  await Promise.all([...cluster.loki, ...cluster.component("gateway")].map((pod) => pod.kill()));
}

/**
 * Stops all of Loki as a roll-out does, with time to flush, empties its disks and caches, and starts it again. Every line that Loki finds
 * afterwards is in MinIO.
 */
export async function startLokiWithEmptyDisks(running: RunningStack): Promise<void> {
  const { cluster } = running;
  // The canary has no disk, and waits for a gateway that is away.
  const others = [...cluster.agents, ...cluster.component("canary")];
  const pods = cluster.pods.filter((pod) => !others.includes(pod));
  // Writers need the others while they flush.
  await stopAll(cluster.component("write"));
  await stopAll(pods);
  for (const pod of pods) pod.emptyDisks();
  await startLoki(running);
}

async function stopAll(pods: readonly Pod[]): Promise<void> {
  const late = await Promise.all(pods.map(async (pod) => ((await pod.stop()) ? [] : [pod.name])));
  if (late.flat().length > 0) throw new Error(`did not stop in their grace period: ${late.flat().join(", ")}`);
}

/** Makes this process use the cluster's DNS and no other name of the machine. It has its own mounts. */
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
export async function endRunningStack(): Promise<void> {
  const running = await started?.catch(() => undefined);
  await Promise.all((running?.cluster.pods ?? []).map((pod) => pod.kill()));
  await running?.store.kill();
  if (!folder) return;
  if (process.env.KEEP) console.log(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
