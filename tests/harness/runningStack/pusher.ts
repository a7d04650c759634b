import { closeSync, fstatSync, globSync, openSync, readFileSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ALLOY_PIPELINE } from "../../../components/alloy/pipeline.ts";
import type { Loose } from "../manifest.ts";
import { nodeName } from "../pods/node.ts";
import { alloyOf, type RenderedStack } from "./renderedStack.ts";

/** A line as OTLP has it. https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto */
interface LogRecord {
  readonly timeUnixNano: string;
  readonly body: { readonly stringValue: string };
  readonly attributes: ReturnType<typeof attributes>;
}

/** The lines of one container. */
interface ResourceLogs {
  readonly resource: { readonly attributes: ReturnType<typeof attributes> };
  readonly scopeLogs: ReadonlyArray<{ readonly logRecords: readonly LogRecord[] }>;
}

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
    const pause = /max_interval: (\d+)s/.exec(readFileSync(ALLOY_PIPELINE, "utf8"))?.[1];
    if (!pause) throw new Error("pod-logs.yaml has no max_interval in seconds");
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
      const resourceLogs = [...this.#files.values()].flatMap((tail) => tail.next(this.#environment));
      if (resourceLogs.length > 0) await this.#push({ resourceLogs });
      else await sleep(500, undefined, { ref: false });
    }
  }

  /** Pushes until Loki accepts the batch. Reports a batch that Loki refuses for good. */
  async #push(batch: unknown): Promise<void> {
    const body = JSON.stringify(batch);
    for (let pause = 500; !this.#stopped; pause = Math.min(pause * 2, this.#longestPause)) {
      const { accessKey, secretKey } = alloyOf(this.#stack.gatewayLogin);
      const status = await fetch(`${this.#environment.LOGGING_OTLP_URL}/v1/logs`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString("base64")}`,
        },
        body,
        signal: AbortSignal.timeout(30_000),
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
  #descriptor: number;
  #rest = Buffer.alloc(0);
  /** What each stream has written of a line that is not complete. */
  readonly #parts: Record<string, string> = {};

  constructor(path: string) {
    const [, namespace = "", pod = "", pod_uid = "", container = ""] =
      /([^/_]+)_([^/_]+)_([^/_]+)\/([^/]+)\/[^/]+$/.exec(path) ?? [];
    this.#path = path;
    this.#labels = { namespace, container, pod, pod_uid };
    this.#descriptor = openSync(path, "r");
  }

  /** The next lines, at most a batch. */
  next(environment: Record<string, string>): ResourceLogs[] {
    const logRecords: LogRecord[] = [];
    let bytes = 0;
    while (bytes < BATCH_BYTES / 12) {
      const text = this.#read();
      if (text === undefined) break;
      bytes += text.length;
      const [time = "", stream = "", flag] = text.split(" ", 3);
      const line = (this.#parts[stream] ?? "") + text.slice(time.length + stream.length + (flag?.length ?? 0) + 3);
      this.#parts[stream] = flag === "P" ? line : "";
      if (flag === "P") continue;
      logRecords.push({
        timeUnixNano: nanoseconds(time),
        body: { stringValue: line },
        attributes: attributes({ stream }),
      });
    }
    if (logRecords.length === 0) return [];
    const { LOGGING_CLUSTER: cluster = "", LOGGING_ENVIRONMENT: env = "" } = environment;
    const resource = { attributes: attributes({ ...this.#labels, cluster, env, node: nodeName(0) }) };
    return [{ resource, scopeLogs: [{ logRecords }] }];
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

const attributes = (values: Record<string, string>) =>
  Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));

const inode = (descriptor: number): number => fstatSync(descriptor).ino;

/** containerd's time as Loki has it, with every digit of the second. */
const nanoseconds = (time: string): string =>
  `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}${(/\.(\d+)/.exec(time)?.[1] ?? "").padEnd(9, "0")}`;
