import type { ChildProcess } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";

/** Writes what a container prints into a file, as containerd does. The run does not wait for the container to end. */
export function keepContainerLog({ stdout, stderr }: ChildProcess, file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  for (const [stream, output] of Object.entries({ stdout, stderr })) {
    if (!output) throw new Error(`${file}: the container has no ${stream}`);
    (output as Socket).unref();
    createInterface({ input: output }).on("line", (text) =>
      appendFileSync(file, `${new Date().toISOString()} ${stream} F ${text}\n`),
    );
  }
}
