import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chownSync, closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Loose } from "../manifest.ts";
import { keepContainerLog } from "./containerLog.ts";
import { type Image, imageOf, programFolder } from "./images.ts";
import { nodeFolder, nodeName, type PodContext } from "./node.ts";
import { childrenOf } from "./processUsage.ts";
import { type Mount, quote, rootFilesystem } from "./rootFilesystem.ts";
import { expandVariables } from "./variableExpansion.ts";
import { makeMounts, secretOf } from "./volumes.ts";

/** The pod around a container. */
export interface Surroundings {
  /** Name of the pod. */
  readonly pod: string;
  /** The pod's spec. */
  readonly spec: Loose;
  readonly address: string;
  readonly context: PodContext;
  /** Index of its node. */
  readonly node: number;
  /** Folder of the pod. */
  readonly folder: string;
  /** The pod's network namespace. */
  readonly network: string;
}

/**
 * One container of a pod as a process, with the container's command, arguments, environment, user, capabilities and mounts. It has separate
 * mount and process namespaces, and the pod's network.
 */
export class Container {
  /** Where its output goes. */
  readonly log: string;
  readonly #container: Loose;
  readonly #around: Surroundings;
  readonly #files: string;
  readonly #uid = randomUUID();
  #child: ChildProcess | undefined;

  /** @param start number of the pod's start, for the contents of its ConfigMaps and Secrets. */
  constructor(container: Loose, around: Surroundings, start: number, log = `${container.name}.log`) {
    this.#container = container;
    this.#around = around;
    this.#files = join(around.folder, "files", `${start}-${container.name}`);
    this.log = join(around.folder, log);
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the container with the current content of its ConfigMaps and Secrets. */
  start(ended: () => void = () => {}): void {
    const log = this.#openLog();
    const { collected } = this.#image;
    const output = collected ? (["pipe", "pipe"] as const) : [log, log];
    // Ctrl-C at a terminal is for the command only, which stops the pods in order.
    this.#child = spawn("nsenter", this.#process(), { stdio: ["ignore", ...output], detached: true });
    if (collected) keepContainerLog(this.#child, this.#nodeLog);
    closeSync(log);
    this.#child.unref();
    this.#child.once("exit", ended);
  }

  /** Runs the container to its end, as an init container. @throws when it fails. */
  run(): void {
    const log = this.#openLog();
    const { status }: SpawnSyncReturns<Buffer> = spawnSync("nsenter", this.#process(), { stdio: ["ignore", log, log] });
    closeSync(log);
    if (status !== 0)
      throw new Error(
        `${this.#around.pod}: ${this.#container.name} ended with ${status}:\n${readFileSync(this.log, "utf8")}`,
      );
  }

  /** Sends a signal to the program itself. */
  signal(signal: NodeJS.Signals): void {
    const program = this.program;
    if (program === undefined) throw new Error(`${this.#around.pod}: ${this.#container.name} is not running`);
    process.kill(program, signal);
  }

  /** Resolves when the program has ended. */
  ended(): Promise<void> {
    const child = this.#child;
    if (!child || !this.running) return Promise.resolve();
    child.ref();
    return new Promise((done) => child.once("exit", () => done()));
  }

  /** Kills the program. The namespace's first process takes all others with it. It may have ended already, or not have begun. */
  async kill(): Promise<void> {
    if (!this.running) return;
    const ended = this.ended();
    if (this.program === undefined) this.#child?.kill("SIGKILL");
    else this.signal("SIGKILL");
    await ended;
  }

  /** Process id of the program: unshare is the parent of the namespace's first process. */
  get program(): number | undefined {
    return this.#child?.pid === undefined ? undefined : childrenOf(this.#child.pid)[0];
  }

  #openLog(): number {
    const log = openSync(this.log, "a");
    // nginx opens /dev/stderr by its name, as its own user.
    const { uid, gid } = this.#user;
    chownSync(this.log, uid, gid);
    return log;
  }

  /** Arguments of nsenter. */
  #process(): string[] {
    return [
      `--net=${this.#around.network}`,
      ...["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "sh", "-c", this.#setup(), "sh"],
      ...this.#command(),
    ];
  }

  get #image(): Image {
    return imageOf(this.#container) as Image;
  }

  /** The container's file on its node. */
  get #nodeLog(): string {
    const { pod, context, node } = this.#around;
    const folder = `${context.namespace}_${pod}_${this.#uid}`;
    return join(nodeFolder(context.folder, node), "var/log/pods", folder, this.#container.name, "0.log");
  }

  get #security(): Loose {
    return { ...this.#around.spec.securityContext, ...this.#container.securityContext };
  }

  get #user(): { uid: number; gid: number } {
    const { runAsUser: uid = 0, runAsGroup: gid = 0 } = this.#security;
    return { uid, gid };
  }

  get #root(): string {
    return join(this.#around.folder, "root", this.#container.name);
  }

  /** Writes the current content of the container's ConfigMaps and Secrets. @returns everything that it mounts. */
  writeFiles(): Mount[] {
    const { pod, spec, context, node, folder } = this.#around;
    return makeMounts(spec, this.#container, {
      ...{ pod, folder, node: nodeFolder(context.folder, node), files: this.#files },
      objects: context.objects(),
    });
  }

  /** Shell lines that make the container's root and then run its command, which is the shell's arguments. */
  #setup(): string {
    const { pod, context } = this.#around;
    const mounts = this.writeFiles();
    const program = programFolder(context.folder, this.#image, context.programs[this.#image.program] ?? "");
    return [
      "set -eu",
      `hostname ${pod}`,
      ...rootFilesystem(this.#root, program, mounts),
      ...(this.#security.readOnlyRootFilesystem ? [`mount -o remount,ro ${quote(this.#root)}`] : []),
      `exec env -i "$@"`,
    ].join("\n");
  }

  /** The container's environment, and its command with no more of root than its security context leaves. */
  #command(): string[] {
    const container = this.#container;
    const { uid, gid } = this.#user;
    const environment = this.#environment();
    const command: string[] = [
      ...(container.command ?? [this.#image.path]),
      ...(container.args ?? this.#image.args ?? []),
    ];
    return [
      ...["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", `HOSTNAME=${this.#around.pod}`],
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...["chroot", this.#root, "setpriv", "--no-new-privs", "--clear-groups"],
      ...[`--reuid=${uid}`, `--regid=${gid}`, "--bounding-set=-all", "--inh-caps=-all"],
      ...command.map((text) => expandVariables(text, environment)),
    ];
  }

  #environment(): Record<string, string> {
    const { pod, context } = this.#around;
    const environment: Record<string, string> = {};
    for (const { secretRef } of this.#container.envFrom ?? [])
      Object.assign(environment, secretOf(pod, context.objects(), secretRef.name));
    for (const { name, value, valueFrom } of this.#container.env ?? []) {
      environment[name] = valueFrom
        ? this.#field(valueFrom.fieldRef.fieldPath)
        : expandVariables(String(value ?? ""), environment);
    }
    return environment;
  }

  #field(path: string): string {
    const { pod, address, node, context } = this.#around;
    const fields: Record<string, string> = {
      "status.podIP": address,
      "spec.nodeName": nodeName(node),
      "metadata.name": pod,
      "metadata.namespace": context.namespace,
    };
    const value = fields[path];
    if (value === undefined) throw new Error(`${pod}: the harness does not know the field ${path}`);
    return value;
  }
}
