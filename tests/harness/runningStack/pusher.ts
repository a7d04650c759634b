import { closeSync, fstatSync, globSync, openSync, readFileSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ALLOY_PIPELINE } from "../../../components/alloy/values.ts";
import type { Loose } from "../manifest.ts";
import { nodeName } from "../pods/node.ts";
import type { RenderedStack } from "./renderedStack.ts";

/** A line as Loki's push API takes it: time, text, structured metadata. */
type Entry = [at: string, text: string, metadata: Record<string, string>];

/** Alloy's limit of a batch. */
const BATCH_BYTES = 2 ** 20;

/**
 * Replaces Alloy on a machine without it: reads the same files and pushes to the same address with the same login, labels and pauses.
 * Tests then show how Loki, the gateway and MinIO behave, and nothing about Alloy.
 */
export class Pusher {
  readonly #podLogs: string;
  readonly #stack: RenderedStack;
  readonly #environment: Record<string, string>;
  readonly #longestPause: number;
  readonly #files = new Map<string, Tail>();
  #stopped = false;

  constructor(podLogs: string, stack: RenderedStack) {
    this.#podLogs = podLogs;
    this.#stack = stack;
    const daemonSet: Loose = stack.manifests.find(({ kind }) => kind === "DaemonSet");
    const variables: Loose[] = daemonSet.spec.template.spec.containers[0].env;
    this.#environment = Object.fromEntries(variables.map(({ name, value }) => [name, String(value)]));
    const pause = /max_backoff_period\s*=\s*"(\d+)s"/.exec(readFileSync(ALLOY_PIPELINE, "utf8"))?.[1];
    if (!pause) throw new Error("pod-logs.alloy has no max_backoff_period in seconds");
    this.#longestPause = Number(pause) * 1000;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      for (const path of globSync(`${this.#podLogs}/*/*/*.log`))
        if (!this.#files.has(path)) this.#files.set(path, new Tail(path));
      const streams = [...this.#files.values()]
        .map((tail) => tail.stream(this.#environment))
        .filter((s) => s.values.length > 0);
      if (streams.length > 0) await this.#push({ streams });
      else await sleep(500, undefined, { ref: false });
    }
  }

  /** Pushes until Loki accepts the batch. Reports a batch that Loki refuses for good. */
  async #push(batch: unknown): Promise<void> {
    const body = JSON.stringify(batch);
    for (let pause = 500; !this.#stopped; pause = Math.min(pause * 2, this.#longestPause)) {
      const { accessKey, secretKey } = this.#stack.gatewayLogin;
      const status = await fetch(this.#stack.pushUrl, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString("base64")}`,
        },
        body,
        signal: AbortSignal.timeout(10_000),
      }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      );
      if (status >= 200 && status < 300) return;
      if (status !== 0 && status !== 429 && status < 500) {
        console.error(`the pusher lost a batch: ${status}`);
        return;
      }
      await sleep(pause, undefined, { ref: false });
    }
  }
}

/** One container's file, followed across rotations. */
class Tail {
  readonly #path: string;
  readonly #labels: Record<string, string>;
  readonly #pod: string;
  #descriptor: number;
  #rest = Buffer.alloc(0);
  #parts = "";

  constructor(path: string) {
    const [, namespace = "", pod = "", container = ""] = /([^/_]+)_([^/_]+)_[^/_]+\/([^/]+)\/[^/]+$/.exec(path) ?? [];
    this.#path = path;
    this.#labels = { namespace, container };
    this.#pod = pod;
    this.#descriptor = openSync(path, "r");
  }

  /** The next lines, at most a batch. */
  stream(environment: Record<string, string>): { stream: Record<string, string>; values: Entry[] } {
    const values: Entry[] = [];
    let bytes = 0;
    while (bytes < BATCH_BYTES / 12) {
      const text = this.#read();
      if (text === undefined) break;
      bytes += text.length;
      const [time = "", stream = "", flag] = text.split(" ", 3);
      this.#parts += text.slice(time.length + stream.length + (flag?.length ?? 0) + 3);
      if (flag === "P") continue;
      values.push([nanoseconds(time), this.#parts, { pod: this.#pod, stream }]);
      this.#parts = "";
    }
    return {
      stream: {
        ...this.#labels,
        cluster: environment.LOGGING_CLUSTER ?? "",
        env: environment.LOGGING_ENVIRONMENT ?? "",
        node: nodeName(0),
      },
      values,
    };
  }

  #read(): string | undefined {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const text = this.#rest.toString("utf8", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return text;
      }
      const chunk = Buffer.alloc(65_536);
      const length = readSync(this.#descriptor, chunk);
      if (length > 0) {
        this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, length)]);
        continue;
      }
      if (!this.#rotated()) return undefined;
    }
  }

  /** Opens the next file once this one is rotated and read to its end. */
  #rotated(): boolean {
    try {
      const next = openSync(this.#path, "r");
      if (inode(next) === inode(this.#descriptor)) {
        closeSync(next);
        return false;
      }
      closeSync(this.#descriptor);
      this.#descriptor = next;
      return true;
    } catch {
      return false;
    }
  }
}

const inode = (descriptor: number): number => fstatSync(descriptor).ino;

/** containerd's time as Loki has it, with every digit of the second. */
const nanoseconds = (time: string): string =>
  `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}${(/\.(\d+)/.exec(time)?.[1] ?? "").padEnd(9, "0")}`;
