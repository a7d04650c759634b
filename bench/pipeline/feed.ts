import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { podLogsOf, type RunningStack } from "../../tests/harness/runningStack/runningStack.ts";
import type { LogInput } from "./logInput.ts";

/** Writes the input into the nodes' log folders as the containers would, in equal steps. @param seconds how long it takes. */
export async function feed(input: LogInput, { folder }: RunningStack, seconds: number): Promise<void> {
  const steps = input.files[0]?.ends.length ?? 0;
  const open = input.files.map((file) => {
    const pod = join(podLogsOf(folder, file.node), `${file.namespace}_${file.pod}_${uid(file.pod)}`, file.container);
    mkdirSync(pod, { recursive: true });
    return { file, from: openSync(file.path, "r"), to: openSync(join(pod, "0.log"), "a"), at: 0 };
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

/** A UID for a pod, the same in every run. Alloy's groups go by its first digit, so it is a hash, as good as random. */
const uid = (pod: string): string =>
  createHash("md5")
    .update(pod)
    .digest("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
