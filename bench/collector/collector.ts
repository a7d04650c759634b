// A variant's Alloy, run as the container of its DaemonSet: the same command, arguments, variables and files.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { OLD_RELEASE_ENDED } from "../../components/alloy/oldBuffer/containers.ts";
import type { Loose } from "../../tests/harness/manifest.ts";
import { childrenOf, cpuSeconds, peakMiB } from "../../tests/harness/pods/processUsage.ts";
import { expandVariables } from "../../tests/harness/pods/variableExpansion.ts";
import { until } from "../../tests/harness/processes.ts";
import { onPath } from "../../tests/harness/programs.ts";
import type { LogInput } from "../pipeline/logInput.ts";
import { releaseOf, type Variant } from "../pipeline/variants.ts";
import { sum } from "../statistics.ts";

/** The folders of a node that a collector uses. */
export const POD_LOGS = "/var/log/pods";
export const JOURNAL = "/var/log/journal";
/** Where a pod finds its ServiceAccount. */
export const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const STORAGE = "/var/lib/alloy";
/** Where the chart lets Alloy keep positions if no value names a folder. The seed has none. */
const CHART_STORAGE = "/tmp/alloy";
const CONFIG = "/etc/alloy";
const HOST = "loki-gateway.logging.svc.cluster.local";

/** How a variant starts on a node. */
export interface CollectorStart {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, string>>;
  /** Where it answers probes. Default: 12345. */
  readonly port?: number;
  /** What it reads instead of the pods' files. */
  readonly source?: (input: LogInput) => Source;
}

/** Entries that a collector reads instead of the files of pods. */
export interface Source {
  readonly lines: number;
  /** Bytes of the entries' texts. */
  readonly bytes: number;
  /** Removes what an earlier round has left. Called before the collector starts. */
  readonly empty: () => Promise<void>;
  /** Writes all entries. */
  readonly feed: () => Promise<void>;
}

/** Release 0.1, which read files with `loki.source.file` and a script. */
export const oldRelease = async (): Promise<CollectorStart> => {
  const file = resolve(import.meta.dirname, "../../tests/fixtures/release-0.1.alloy.values.yaml");
  return startOf("release 0.1", await releaseOf(ALLOY_CHART, parse(readFileSync(file, "utf8")), "logging"));
};

/** @param variant of the whole pipeline, of which only Alloy is used. */
export const collectorOf = async ({ name, render }: Variant): Promise<CollectorStart> =>
  startOf(name, (await render(resolve(import.meta.dirname, "../../certs/minio-internal-company-ca.pem"))).manifests);

/** @param of the container of Alloy's DaemonSet. */
export function startOf(name: string, manifests: readonly Loose[], of = "alloy"): CollectorStart {
  const [daemonSet] = manifests.filter(({ kind }) => kind === "DaemonSet");
  const container = daemonSet?.spec.template.spec.containers.find((c: Loose) => c.name === of);
  const config = manifests.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "alloy");
  return { name, ...commandOf(container), config: config?.data ?? {} };
}

/** What the kubelet would run for a container. */
export function commandOf(container: Loose): Pick<CollectorStart, "command" | "environment"> {
  const environment: Record<string, string> = { HOSTNAME: "node-0", LOKI_USERNAME: "alloy", LOKI_PASSWORD: "unused" };
  for (const { name, value } of container.env ?? [])
    if (value !== undefined) environment[name] = expandVariables(String(value), environment);
  const alloy = container.command?.length ? [] : ["/bin/alloy"];
  const command = [...alloy, ...(container.command ?? []), ...(container.args ?? [])].map((text: string) =>
    expandVariables(text, environment).replaceAll("/bin/alloy", onPath("alloy") ?? ""),
  );
  return { command, environment };
}

/** Makes the node's folders and names. This process must have separate mounts. @param folder for them. */
export function makeNode(folder: string): void {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  for (const path of [POD_LOGS, JOURNAL, ACCOUNT, STORAGE, CHART_STORAGE, CONFIG]) {
    const own = join(folder, path);
    for (const made of [own, path]) mkdirSync(made, { recursive: true });
    execFileSync("mount", ["--bind", own, path]);
  }
  const hosts = join(folder, "hosts");
  writeFileSync(hosts, `127.0.0.1 localhost ${HOST}\n`);
  execFileSync("mount", ["--bind", hosts, "/etc/hosts"]);
}

/** A collector that runs. */
export class Collector {
  readonly #pid: number;
  readonly #port: number;
  readonly #log: string;

  /** @param log file for its output. */
  constructor({ command, environment, config, port = 12345 }: CollectorStart, log: string) {
    for (const path of [STORAGE, CHART_STORAGE, CONFIG]) execFileSync("find", [path, "-mindepth", "1", "-delete"]);
    for (const [name, text] of Object.entries(config)) writeFileSync(join(CONFIG, name), text);
    writeFileSync(join(STORAGE, OLD_RELEASE_ENDED), "0");
    const output = openSync(log, "w");
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", output, output],
      env: { PATH: process.env.PATH, ...environment },
    });
    this.#pid = child.pid ?? 0;
    this.#port = port;
    this.#log = log;
  }

  /** Waits until it is ready. @throws with the end of its log when it ends instead. */
  ready = (): Promise<void> =>
    until(
      "Alloy ready",
      async () => !isRunning(this.#pid) || (await fetch(`http://127.0.0.1:${this.#port}/-/ready`)).ok,
      { everyMs: 200 },
    ).then(() => this.checkRunning());

  /** @throws with the end of its log when it has ended. */
  checkRunning(): void {
    if (!isRunning(this.#pid)) throw new Error(`Alloy ended:\n${readFileSync(this.#log, "utf8").slice(-2000)}`);
  }

  /** Lines that the sink has accepted. The two engines count them under different names. */
  async sent(): Promise<number> {
    const texts = await Promise.all(
      [8888, this.#port].map((port) =>
        fetch(`http://127.0.0.1:${port}/metrics`).then(
          (response) => response.text(),
          () => "",
        ),
      ),
    );
    const counted = /^(?:otelcol_exporter_sent_log_records|loki_write_sent_entries)(?:_total)?(?:\{.*\})? (\S+)$/gm;
    return sum([...texts.join("\n").matchAll(counted)].map((match) => Number(match[1])));
  }

  /** CPU seconds and largest memory of its processes since the start. */
  usage(): { cpuSeconds: number; peakMiB: number } {
    const processes = this.#processes();
    return { cpuSeconds: sum(processes.map(cpuSeconds)), peakMiB: sum(processes.map(peakMiB)) };
  }

  /** Ends all its processes, and waits until none runs: the next collector needs their ports. */
  async kill(): Promise<void> {
    const processes = this.#processes().filter(isRunning);
    for (const pid of processes) process.kill(pid, "SIGKILL");
    await until("Alloy's end", async () => !processes.some(isRunning), { everyMs: 100 });
  }

  #processes(): number[] {
    const processes = [this.#pid];
    for (const pid of processes) processes.push(...childrenOf(pid));
    return processes;
  }
}

/**
 * Whether a process runs. One that has ended and that nothing waits for does not: flock's child has no parent any more. But one whose
 * threads still end does: it keeps its ports until then.
 */
function isRunning(pid: number): boolean {
  try {
    const hasEnded = /^.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return !hasEnded || readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}
