// What a collector is given to do.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { containerFolder, feed } from "../pipeline/feed.ts";
import { type LogInput, writeLogInput } from "../pipeline/logInput.ts";
import { POD_LOGS } from "./collector.ts";

/** How much is written, and how fast. */
export interface Amount {
  readonly megabytes: number;
  /** MB/s. */
  readonly rate: number;
}

/** One kind of work. */
export interface Scene {
  readonly words: (input: LogInput, amount: Amount) => string;
  /** Makes the lines. They are the same for all collectors. */
  readonly input: (folder: string, amount: Amount) => Promise<LogInput>;
  /** Called before the collector starts. */
  readonly before?: (input: LogInput) => void;
  /** Called when it is ready. Its CPU counts from here. */
  readonly feed: (input: LogInput, amount: Amount) => Promise<void>;
  /** Called when all lines have been sent. Its CPU then counts from here to the end. */
  readonly rest?: () => Promise<void>;
}

const ONE_NODE = { hours: 1, nodes: 1 };

/** Steps of a fifth of a second. */
const stepsOf = ({ megabytes, rate }: Amount): number => Math.ceil((megabytes / rate) * 5);

const inSteps = (input: LogInput, { megabytes, rate }: Amount): Promise<void> =>
  feed(input, () => POD_LOGS, megabytes / rate);

const mb = ({ bytes, lines, files }: LogInput): string =>
  `${(bytes / 1e6).toFixed(0)} MB (${lines} lines) of ${files.length} containers`;

export const SCENES = {
  backlog: {
    words: (input) => `${mb(input)} at once`,
    input: (folder, { megabytes }) => writeLogInput(folder, { ...ONE_NODE, megabytes, steps: 1 }),
    feed: (input) => feed(input, () => POD_LOGS, 0),
  },
  steady: {
    words: (input, { rate }) => `${mb(input)}, ${rate} MB/s`,
    input: (folder, amount) => writeLogInput(folder, { ...ONE_NODE, ...amount, steps: stepsOf(amount) }),
    feed: inSteps,
  },
  /** Each application has 19 times the pods: 513 containers, of which none writes much. */
  containers: {
    words: (input, { megabytes, rate }) =>
      `${mb(input)}, ${rate} MB/s, ${((input.lines * rate) / megabytes).toFixed(0)} lines/s`,
    input: (folder, amount) => writeLogInput(folder, { ...ONE_NODE, ...amount, steps: stepsOf(amount), copies: 19 }),
    feed: inSteps,
  },
  /** A node whose containers have logged for long and are silent now: 540 files, of which 324 are packed. */
  idle: {
    words: (input) =>
      `${mb(input)}, each with a file, one rotated and three packed ones, for ${REST_SECONDS} s after all was sent`,
    input: (folder, { megabytes }) => writeLogInput(folder, { ...ONE_NODE, megabytes, steps: 1, copies: 4 }),
    before: rotatedFiles,
    feed: async () => {},
    rest: () => sleep(REST_SECONDS * 1000),
  },
} satisfies Record<string, Scene>;

export const REST_SECONDS = 60;
const FILES = 5;

/** Divides each container's lines into files as the kubelet names them, the last one being written to. */
function rotatedFiles({ files }: LogInput): void {
  for (const file of files) {
    const folder = join(POD_LOGS, containerFolder(file));
    mkdirSync(folder, { recursive: true });
    const lines = readFileSync(file.path, "utf8").trimEnd().split("\n");
    const each = Math.ceil(lines.length / FILES);
    for (let n = 0; n < FILES; n++) {
      const text = `${lines.slice(n * each, (n + 1) * each).join("\n")}\n`;
      const name = n === FILES - 1 ? "0.log" : `0.log.20260101-00000${n}`;
      if (n < FILES - 2) writeFileSync(join(folder, `${name}.gz`), gzipSync(text));
      else writeFileSync(join(folder, name), text);
    }
  }
}
