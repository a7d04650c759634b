import { type ChildProcess, spawn } from "node:child_process";
import {
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Program, Programs } from "../builtPrograms.ts";
import type { Loose } from "../manifest.ts";
import { joinNetwork } from "./network.ts";
import { childrenOf, cpuSeconds, peakMiB } from "./processUsage.ts";
import { type Mount, quote, rootFilesystem } from "./rootFilesystem.ts";
import { expandVariables } from "./variableExpansion.ts";

/** What an image is on this machine: the program, and where the image has it. */
interface Image {
  readonly program: Program;
  readonly path: string;
  /** What the image runs where a container names no command or arguments. */
  readonly args?: readonly string[];
}

/** Images by the end of their repository. A container whose image is not here is not run: exporters of metrics. */
const IMAGES: Readonly<Record<string, Image>> = {
  "grafana/loki": { program: "loki", path: "/usr/bin/loki" },
  "grafana/alloy": { program: "alloy", path: "/bin/alloy" },
  "nginxinc/nginx-unprivileged": { program: "nginx", path: "/usr/sbin/nginx", args: ["-g", "daemon off;"] },
  "library/memcached": { program: "memcached", path: "/usr/bin/memcached" },
};

/** Objects that pods mount, by name. */
export interface Mountable {
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Which probe of a container says that it is ready. */
export type Probe = "readiness" | "liveness";

/** Everything around a pod. */
export interface PodContext {
  /** Folder of the whole run. */
  readonly folder: string;
  readonly programs: Programs;
  readonly namespace: string;
  readonly probe: Probe;
  readonly objects: () => Mountable;
}

/** Name of one of the nodes whose pods log. */
export const nodeName = (index: number): string => `aks-apps-00000000-vmss00000${index}`;

/** What a pod sees of a node's own files, in the folder of the run. */
export const nodeFolder = (folder: string, index: number): string => join(folder, "nodes", nodeName(index));

/** What the processes of a pod have used since it was started. */
export interface Usage {
  readonly cpuSeconds: number;
  /** The most that they held at a time, each by itself. */
  readonly peakMiB: number;
}

/**
 * One pod of a rendered manifest, run as a process: the container's own command, arguments, environment, user, capabilities and
 * mounts, in a network, mount and process namespace of its own, with the cluster's DNS. Its disk and its address outlive the process.
 */
export class Pod {
  readonly name: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  ready = false;
  spec: Loose;
  readonly #context: PodContext;
  readonly #node: number;
  readonly #folder: string;
  readonly #netns: string;
  #child: ChildProcess | undefined;
  #starts = 0;

  /** @param node which of the nodes that log it is on, for a pod that reads the node's files. */
  constructor(name: string, address: string, template: Loose, context: PodContext, node = 0) {
    this.name = name;
    this.#node = node;
    this.address = address;
    this.labels = template.metadata.labels ?? {};
    this.spec = template.spec;
    this.#context = context;
    this.#folder = join(context.folder, "pods", name);
    mkdirSync(this.#folder, { recursive: true });
    this.#netns = joinNetwork(name, address);
    void this.#probe();
  }

  /** The container that is run: the first whose image is known. */
  get container(): Loose {
    const found = this.spec.containers.find((c: Loose) => imageOf(c));
    if (!found) throw new Error(`${this.name}: no container of a known image`);
    return found;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get log(): string {
    return join(this.#folder, "output.log");
  }

  /** Folder of a PersistentVolumeClaim. */
  disk(volume: string): string {
    return join(this.#folder, "disks", volume);
  }

  /** Starts the container, with what its ConfigMaps and Secrets hold now. */
  start(): void {
    if (this.running) throw new Error(`${this.name} runs already`);
    const { container, spec } = this;
    const image = imageOf(container) as Image;
    this.#starts += 1;
    const mounts = this.#mounts();
    const security = { ...spec.securityContext, ...container.securityContext };
    const uid = security.runAsUser ?? 0;
    const gid = security.runAsGroup ?? 0;
    const script = [
      "set -eu",
      `hostname ${this.name}`,
      ...rootFilesystem(join(this.#folder, "root"), this.#programFolder(image), mounts),
      ...(security.readOnlyRootFilesystem ? [`mount -o remount,ro ${quote(join(this.#folder, "root"))}`] : []),
      // What the pod's security context leaves of root: a missing capability has to show here too.
      `exec env -i "$@"`,
    ].join("\n");
    const command = [
      ...["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", `HOSTNAME=${this.name}`],
      ...Object.entries(this.#environment()).map(([name, value]) => `${name}=${value}`),
      ...["chroot", join(this.#folder, "root"), "setpriv", "--no-new-privs", "--clear-groups"],
      ...[`--reuid=${uid}`, `--regid=${gid}`, "--bounding-set=-all", "--inh-caps=-all"],
      ...[...(container.command ?? [image.path]), ...(container.args ?? image.args ?? [])].map((text: string) =>
        expandVariables(text, this.#environment()),
      ),
    ];
    const log = openSync(this.log, "a");
    // nginx opens /dev/stderr by its name, as the user that it is.
    chownSync(this.log, uid, gid);
    this.#child = spawn(
      "nsenter",
      [
        `--net=${this.#netns}`,
        ...["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"],
        ...command,
      ],
      // Ctrl-C at a terminal is for the command alone, which stops the pods in order.
      { stdio: ["ignore", log, log], detached: true },
    );
    this.#child.unref();
    this.#child.once("exit", () => {
      this.ready = false;
    });
  }

  /** Sends a signal to the program itself. */
  signal(signal: NodeJS.Signals): void {
    const program = this.#program();
    if (program === undefined) throw new Error(`${this.name}: the program is not running`);
    process.kill(program, signal);
  }

  /** Tells the program to stop, waits for its grace period, and then kills it. @returns whether it ended by itself. */
  async stop(graceSeconds: number = this.spec.terminationGracePeriodSeconds ?? 30): Promise<boolean> {
    const child = this.#child;
    if (!child || !this.running) return true;
    const ended = new Promise<true>((done) => child.once("exit", () => done(true)));
    child.ref();
    this.signal("SIGTERM");
    const graceful = await Promise.race([ended, sleep(graceSeconds * 1000, false as const, { ref: false })]);
    if (!graceful) await this.kill();
    return graceful;
  }

  /** SIGKILL, as an out-of-memory kill or a lost node is. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || !this.running) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.ref();
    // The first process of the namespace takes all others with it. It may be ending already, or not have begun.
    if (this.#program() === undefined) child.kill("SIGKILL");
    else this.signal("SIGKILL");
    await ended;
  }

  /** Empties the pod's disks, as a claim does that is deleted. */
  emptyDisks(): void {
    rmSync(join(this.#folder, "disks"), { recursive: true, force: true });
  }

  /** Of the program and of everything that it started, also of what has ended. */
  usage(): Usage {
    const program = this.#program();
    if (program === undefined) throw new Error(`${this.name}: the program is not running`);
    const processes = [program];
    for (const pid of processes) processes.push(...childrenOf(pid));
    return {
      cpuSeconds: processes.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
      peakMiB: processes.reduce((sum, pid) => sum + peakMiB(pid), 0),
    };
  }

  /** The end of what the container wrote. */
  tail(lines = 15): string {
    return existsSync(this.log) ? readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n") : "";
  }

  /** Process id of the program: unshare is the parent of the namespace's first process. */
  #program(): number | undefined {
    return this.#child?.pid === undefined ? undefined : childrenOf(this.#child.pid)[0];
  }

  #environment(): Record<string, string> {
    const { container } = this;
    const environment: Record<string, string> = {};
    for (const { secretRef } of container.envFrom ?? []) Object.assign(environment, this.#secret(secretRef.name));
    for (const { name, value, valueFrom } of container.env ?? []) {
      environment[name] = valueFrom ? this.#field(valueFrom.fieldRef.fieldPath) : String(value ?? "");
    }
    return environment;
  }

  #field(path: string): string {
    const fields: Record<string, string> = {
      "status.podIP": this.address,
      "spec.nodeName": nodeName(this.#node),
      "metadata.name": this.name,
      "metadata.namespace": this.#context.namespace,
    };
    const value = fields[path];
    if (value === undefined) throw new Error(`${this.name}: nothing here knows ${path}`);
    return value;
  }

  #secret(name: string): Readonly<Record<string, string>> {
    const found = this.#context.objects().secrets[name];
    if (!found) throw new Error(`${this.name}: no Secret ${name}`);
    return found;
  }

  /** Folders and files of the pod's volumes, outer ones first. */
  #mounts(): Mount[] {
    const volumes: Loose[] = this.spec.volumes ?? [];
    return (this.container.volumeMounts ?? [])
      .map(({ name, mountPath, subPath, readOnly }: Loose) => {
        const volume = volumes.find((v) => v.name === name) ?? { persistent: true };
        const from = this.#volume(name, volume);
        return { from: subPath ? join(from, subPath) : from, to: mountPath, readOnly: readOnly === true };
      })
      .sort((a: { to: string }, b: { to: string }) => a.to.length - b.to.length);
  }

  #volume(name: string, volume: Loose): string {
    const files = (content: Readonly<Record<string, string>> | undefined, of: string): string => {
      if (!content) throw new Error(`${this.name}: no ${of}`);
      const folder = join(this.#folder, "files", `${this.#starts}`, name);
      mkdirSync(folder, { recursive: true });
      for (const [key, text] of Object.entries(content)) writeFileSync(join(folder, key), text);
      return folder;
    };
    if (volume.configMap)
      return files(this.#context.objects().configMaps[volume.configMap.name], volume.configMap.name);
    if (volume.secret) return files(this.#secret(volume.secret.secretName), volume.secret.secretName);
    if (volume.hostPath) return made(join(nodeFolder(this.#context.folder, this.#node), volume.hostPath.path));
    const owned = volume.emptyDir ? join(this.#folder, "empty", name) : this.disk(name);
    made(owned);
    const group = this.spec.securityContext?.fsGroup;
    if (group !== undefined) chownSync(owned, this.spec.securityContext.runAsUser ?? 0, group);
    return owned;
  }

  /** The program where its image has it, beside the system's own below /usr. */
  #programFolder({ program, path }: Image): string {
    const folder = join(this.#context.folder, "programs", program);
    const at = join(folder, path.replace(/^\/usr/, ""));
    if (!existsSync(at)) {
      mkdirSync(dirname(at), { recursive: true });
      try {
        linkSync(this.#context.programs[program], at);
      } catch {
        copyFileSync(this.#context.programs[program], at);
      }
    }
    return folder;
  }

  /** Asks the container's readiness probe, as the kubelet does: quickly until it is ready, then at its own pace. */
  async #probe(): Promise<void> {
    const { readinessProbe, livenessProbe } = this.container;
    const probe = (this.#context.probe === "liveness" && livenessProbe) || readinessProbe;
    const period = (probe?.periodSeconds ?? 10) * 1000;
    let failures = 0;
    for (;;) {
      await sleep(this.ready ? period : 500, undefined, { ref: false });
      if (!this.running) continue;
      const ok = await this.#ask(probe);
      failures = ok ? 0 : failures + 1;
      if (ok && this.running) this.ready = true;
      else if (failures >= (probe?.failureThreshold ?? 3)) this.ready = false;
    }
  }

  async #ask(probe: Loose): Promise<boolean> {
    if (!probe?.httpGet) return true;
    const port = this.port(probe.httpGet.port);
    try {
      const response = await fetch(`http://${this.address}:${port}${probe.httpGet.path}`, {
        signal: AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** Number of a container's port. */
  port(nameOrNumber: string | number): number {
    if (typeof nameOrNumber === "number") return nameOrNumber;
    const ports = this.spec.containers.flatMap((c: Loose) => c.ports ?? []);
    return ports.find((p: Loose) => p.name === nameOrNumber)?.containerPort;
  }
}

const imageOf = (container: Loose): Image | undefined => {
  const repository = String(container.image).replace(/:[^:/]*$/, "");
  return Object.entries(IMAGES).find(([end]) => repository.endsWith(end))?.[1];
};

const made = (folder: string): string => {
  mkdirSync(folder, { recursive: true });
  return folder;
};
