import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { InputFile, LogInput } from "./logInput.ts";

/**
 * Writes the input into the nodes' log folders as the containers would, in equal steps.
 *
 * @param podLogs the folder of a node.
 * @param seconds how long it takes.
 */
export async function feed(input: LogInput, podLogs: (node: number) => string, seconds: number): Promise<void> {
  const steps = input.files[0]?.ends.length ?? 0;
  const open = input.files.map((file) => {
    const folder = join(podLogs(file.node), containerFolder(file));
    mkdirSync(folder, { recursive: true });
    return { file, from: openSync(file.path, "r"), to: openSync(join(folder, "0.log"), "a"), at: 0 };
  });
  const started = performance.now();
  for (let step = 0; step < steps; step++) {
    for (const each of open) {
      const buffer = Buffer.alloc((each.file.ends[step] ?? 0) - each.at);
      readSync(each.from, buffer, 0, buffer.length, each.at);
      writeSync(each.to, buffer);
      each.at += buffer.length;
    }
    await sleep(Math.max(0, started + ((step + 1) * seconds * 1000) / steps - performance.now()));
  }
  for (const { from, to } of open) for (const descriptor of [from, to]) closeSync(descriptor);
}

/** Where the kubelet keeps the files of a container, in the folder of all pods. */
export const containerFolder = ({ namespace, pod, container }: InputFile): string =>
  join(`${namespace}_${pod}_${uid(pod)}`, container);

/** A UID for a pod, the same in every run. Alloy's groups go by its first digit, so it is a hash, as good as random. */
const uid = (pod: string): string =>
  createHash("md5")
    .update(pod)
    .digest("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
