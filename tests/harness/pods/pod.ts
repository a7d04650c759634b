import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Loose } from "../manifest.ts";
import { Container } from "./container.ts";
import { imageOf } from "./images.ts";
import { joinNetwork } from "./network.ts";
import { nodeName, type PodContext } from "./node.ts";
import { childrenOf, cpuSeconds, peakMiB } from "./processUsage.ts";
import { watchReadiness } from "./readiness.ts";
import { diskOf } from "./volumes.ts";

/** What the processes of a pod have used since its start. */
export interface Usage {
  readonly cpuSeconds: number;
  /** The sum of each process's own maximum. */
  readonly peakMiB: number;
}

/**
 * One pod of a rendered manifest, run as processes: its init containers, and then every container with a known image. The pod is ready and
 * running when the first of these is. Its disk and its address outlive the processes.
 */
export class Pod {
  readonly name: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  ready = false;
  spec: Loose;
  readonly #context: PodContext;
  /** Index of its node. */
  readonly #node: number;
  readonly #folder: string;
  readonly #netns: string;
  #containers: Container[] = [];
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

  /** The main container: the first with a known image. */
  get container(): Loose {
    const found = this.spec.containers.find((c: Loose) => imageOf(c));
    if (!found) throw new Error(`${this.name}: no container has a known image`);
    return found;
  }

  /** Name of its node. */
  get node(): string {
    return nodeName(this.#node);
  }

  get running(): boolean {
    return this.#containers[0]?.running ?? false;
  }

  /** Output of the main container. That of any other has the container's name. */
  get log(): string {
    return join(this.#folder, "output.log");
  }

  /** Folder of a PersistentVolumeClaim. */
  disk(volume: string): string {
    return diskOf(this.#folder, volume);
  }

  /** Starts the containers with the current content of their ConfigMaps and Secrets. @throws when an init container fails. */
  start(): void {
    if (this.running) throw new Error(`${this.name} runs already`);
    this.#starts += 1;
    const { address, spec } = this;
    const around = {
      ...{ pod: this.name, spec, address, context: this.#context, node: this.#node },
      ...{ folder: this.#folder, network: this.#netns },
    };
    const known = (list: Loose[] = []): Loose[] => list.filter((c) => imageOf(c));
    for (const init of known(spec.initContainers)) new Container(init, around, this.#starts).run();
    this.#containers = known(spec.containers).map(
      (container, i) => new Container(container, around, this.#starts, i === 0 ? "output.log" : undefined),
    );
    const [main, ...others] = this.#containers;
    main?.start(() => {
      this.ready = false;
    });
    for (const container of others) container.start();
  }

  /** Writes the current content of ConfigMaps and Secrets into the running containers, as the kubelet does within two minutes. */
  updateFiles(): void {
    for (const container of this.#containers) container.writeFiles();
  }

  /** Sends a signal to the main container's program. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#containers[0]) throw new Error(`${this.name}: the program is not running`);
    this.#containers[0].signal(signal);
  }

  /** Stops the containers, and kills them after their grace period. @returns whether all ended in that period. */
  async stop(graceSeconds: number = this.spec.terminationGracePeriodSeconds ?? 30): Promise<boolean> {
    const running = this.#containers.filter((container) => container.running);
    const ended = Promise.all(running.map((container) => container.ended())).then(() => true as const);
    for (const container of running) container.signal("SIGTERM");
    const graceful = await Promise.race([ended, sleep(graceSeconds * 1000, false as const, { ref: false })]);
    if (!graceful) await this.kill();
    return graceful;
  }

  /** Kills all containers with SIGKILL, like the loss of a node. */
  async kill(): Promise<void> {
    await Promise.all(this.#containers.map((container) => container.kill()));
  }

  /** Empties the pod's disks, like a deleted claim. */
  emptyDisks(): void {
    rmSync(join(this.#folder, "disks"), { recursive: true, force: true });
  }

  /** Usage of the main container's program and of every process that it started, ended ones included. */
  usage(): Usage {
    const program = this.#containers[0]?.program;
    if (program === undefined) throw new Error(`${this.name}: the program is not running`);
    const processes = [program];
    for (const pid of processes) processes.push(...childrenOf(pid));
    return {
      cpuSeconds: processes.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
      peakMiB: processes.reduce((sum, pid) => sum + peakMiB(pid), 0),
    };
  }

  /** The last lines of the main container's output. */
  tail(lines = 15): string {
    return existsSync(this.log) ? readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n") : "";
  }

  /** Number of a container's port. */
  port(nameOrNumber: string | number): number {
    if (typeof nameOrNumber === "number") return nameOrNumber;
    const ports = this.spec.containers.flatMap((c: Loose) => c.ports ?? []);
    return ports.find((p: Loose) => p.name === nameOrNumber)?.containerPort;
  }
}
