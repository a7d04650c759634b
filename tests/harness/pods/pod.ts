import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Loose } from "../manifest.ts";
import type { Program } from "../programs.ts";
import { type Image, imageOf, programFolder } from "./images.ts";
import { joinNetwork } from "./network.ts";
import { childrenOf, cpuSeconds, peakMiB } from "./processUsage.ts";
import { watchReadiness } from "./readiness.ts";
import { quote, rootFilesystem } from "./rootFilesystem.ts";
import { expandVariables } from "./variableExpansion.ts";
import { diskOf, type Mountable, makeMounts, secretOf } from "./volumes.ts";

/** Which probe of a container decides that it is ready. */
export type Probe = "readiness" | "liveness";

/** Everything around a pod. */
export interface PodContext {
  /** Folder of the whole run. */
  readonly folder: string;
  readonly programs: Readonly<Partial<Record<Program, string>>>;
  readonly namespace: string;
  readonly probe: Probe;
  readonly objects: () => Mountable;
}

/** Name of a node whose pods log. */
export const nodeName = (index: number): string => `aks-apps-00000000-vmss00000${index}`;

/** Folder of a node's own files, below the folder of the run. */
export const nodeFolder = (folder: string, index: number): string => join(folder, "nodes", nodeName(index));

/** What the processes of a pod have used since its start. */
export interface Usage {
  readonly cpuSeconds: number;
  /** The sum of each process's own maximum. */
  readonly peakMiB: number;
}

/**
 * One pod of a rendered manifest, run as a process with the container's command, arguments, environment, user, capabilities and mounts.
 * It has separate network, mount and process namespaces, and the cluster's DNS. Its disk and its address outlive the process.
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

  /** @param node index of its node, for a pod that reads the node's files. */
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
    const { readinessProbe, livenessProbe } = this.container;
    void watchReadiness(this, (context.probe === "liveness" && livenessProbe) || readinessProbe);
  }

  /** The container that runs: the first with a known image. */
  get container(): Loose {
    const found = this.spec.containers.find((c: Loose) => imageOf(c));
    if (!found) throw new Error(`${this.name}: no container has a known image`);
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
    return diskOf(this.#folder, volume);
  }

  /** Starts the container with the current content of its ConfigMaps and Secrets. */
  start(): void {
    if (this.running) throw new Error(`${this.name} runs already`);
    this.#starts += 1;
    const log = openSync(this.log, "a");
    // nginx opens /dev/stderr by its name, as its own user.
    const { uid, gid } = this.#user;
    chownSync(this.log, uid, gid);
    this.#child = spawn(
      "nsenter",
      [
        `--net=${this.#netns}`,
        ...["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "sh", "-c", this.#setup(), "sh"],
        ...this.#command(),
      ],
      // Ctrl-C at a terminal is for the command only, which stops the pods in order.
      { stdio: ["ignore", log, log], detached: true },
    );
    this.#child.unref();
    this.#child.once("exit", () => {
      this.ready = false;
    });
  }

  get #image(): Image {
    return imageOf(this.container) as Image;
  }

  get #security(): Loose {
    return { ...this.spec.securityContext, ...this.container.securityContext };
  }

  get #user(): { uid: number; gid: number } {
    const { runAsUser: uid = 0, runAsGroup: gid = 0 } = this.#security;
    return { uid, gid };
  }

  get #root(): string {
    return join(this.#folder, "root");
  }

  /** Shell lines that make the container's root and then run its command, which is the shell's arguments. */
  #setup(): string {
    const { folder, programs, objects } = this.#context;
    const mounts = makeMounts(this.spec, this.container, {
      pod: this.name,
      folder: this.#folder,
      node: nodeFolder(folder, this.#node),
      files: join(this.#folder, "files", `${this.#starts}`),
      objects: objects(),
    });
    const program = programFolder(folder, this.#image, programs[this.#image.program] ?? "");
    return [
      "set -eu",
      `hostname ${this.name}`,
      ...rootFilesystem(this.#root, program, mounts),
      ...(this.#security.readOnlyRootFilesystem ? [`mount -o remount,ro ${quote(this.#root)}`] : []),
      `exec env -i "$@"`,
    ].join("\n");
  }

  /** The container's environment, and its command with no more of root than its security context leaves. */
  #command(): string[] {
    const { container } = this;
    const { uid, gid } = this.#user;
    const environment = this.#environment();
    const command: string[] = [
      ...(container.command ?? [this.#image.path]),
      ...(container.args ?? this.#image.args ?? []),
    ];
    return [
      ...["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", `HOSTNAME=${this.name}`],
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...["chroot", this.#root, "setpriv", "--no-new-privs", "--clear-groups"],
      ...[`--reuid=${uid}`, `--regid=${gid}`, "--bounding-set=-all", "--inh-caps=-all"],
      ...command.map((text) => expandVariables(text, environment)),
    ];
  }

  /** Sends a signal to the program itself. */
  signal(signal: NodeJS.Signals): void {
    const program = this.#program();
    if (program === undefined) throw new Error(`${this.name}: the program is not running`);
    process.kill(program, signal);
  }

  /** Stops the program, and kills it after its grace period. @returns whether it ended in that period. */
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

  /** Kills the program with SIGKILL, like the out-of-memory killer or the loss of a node. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || !this.running) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.ref();
    // The namespace's first process takes all others with it. It may have ended already, or not have begun.
    if (this.#program() === undefined) child.kill("SIGKILL");
    else this.signal("SIGKILL");
    await ended;
  }

  /** Empties the pod's disks, like a deleted claim. */
  emptyDisks(): void {
    rmSync(join(this.#folder, "disks"), { recursive: true, force: true });
  }

  /** Usage of the program and of every process that it started, ended ones included. */
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

  /** The last lines of the container's output. */
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
    for (const { secretRef } of container.envFrom ?? [])
      Object.assign(environment, secretOf(this.name, this.#context.objects(), secretRef.name));
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
    if (value === undefined) throw new Error(`${this.name}: the harness does not know the field ${path}`);
    return value;
  }

  /** Number of a container's port. */
  port(nameOrNumber: string | number): number {
    if (typeof nameOrNumber === "number") return nameOrNumber;
    const ports = this.spec.containers.flatMap((c: Loose) => c.ports ?? []);
    return ports.find((p: Loose) => p.name === nameOrNumber)?.containerPort;
  }
}
