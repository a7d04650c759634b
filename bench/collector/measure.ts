import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogInput } from "../pipeline/logInput.ts";
import { Collector, type CollectorStart, POD_LOGS } from "./collector.ts";
import type { Amount, Scene } from "./scenes.ts";
import type { Sink } from "./sink.ts";

/** What one collector needed for one scene. */
export interface Measured {
  /** What it was given, and the bytes of its texts. */
  readonly lines: number;
  readonly bytes: number;
  /** From the first line to the last one that was sent. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly requests: number;
  readonly bytesSent: number;
  readonly sent: number;
  /** CPU seconds per second of the scene's rest. */
  readonly idle: number;
}

/** Without a new line for so long, a collector has sent all that it will send. Rules drop lines, or make one entry of several. */
const SILENCE_MS = 10_000;

/** Runs one collector on a node without any files of an earlier run. */
export async function measureCollector(
  start: CollectorStart,
  { scene, input, amount, sink, log }: { scene: Scene; input: LogInput; amount: Amount; sink: Sink; log: string },
): Promise<Measured> {
  execFileSync("find", [POD_LOGS, "-mindepth", "1", "-delete"]);
  const source = start.source?.(input);
  const { lines, bytes } = source ?? input;
  if (source) await source.empty();
  else scene.before?.(input);
  const collector = new Collector(start, log);
  try {
    await collector.ready();
    sink.taken();
    const cpuBefore = scene.before ? 0 : collector.usage().cpuSeconds;
    const started = performance.now();
    const feeding = source ? source.feed() : scene.feed(input, amount);
    const end = await untilSent(collector, lines, feeding);
    const { requests, bytes: bytesSent } = sink.taken();
    const { peakMiB } = collector.usage();
    let idle = 0;
    if (scene.rest) {
      // What it does after its work, as to return memory.
      await sleep(SILENCE_MS);
      const [cpu, at] = [collector.usage().cpuSeconds, performance.now()];
      await scene.rest();
      idle = ((collector.usage().cpuSeconds - cpu) * 1000) / (performance.now() - at);
    }
    return {
      seconds: (end.at - started) / 1000,
      cpuSeconds: end.cpuSeconds - cpuBefore,
      ...{ lines, bytes, peakMiB, requests, bytesSent, sent: end.sent, idle },
    };
  } finally {
    await collector.kill();
  }
}

/** Waits until all lines are sent, or no more come. @returns when that was, and the CPU used until then. */
async function untilSent(
  collector: Collector,
  lines: number,
  feeding: Promise<void>,
): Promise<{ at: number; cpuSeconds: number; sent: number }> {
  let isFed = false;
  const fed = feeding.then(() => {
    isFed = true;
  });
  let last = { at: performance.now(), cpuSeconds: 0, sent: 0 };
  for (;;) {
    const sent = await collector.sent();
    collector.checkRunning();
    if (sent !== last.sent || !isFed) last = { at: performance.now(), cpuSeconds: collector.usage().cpuSeconds, sent };
    const isSilent = sent > 0 && performance.now() - last.at > SILENCE_MS;
    if (isFed && (sent >= lines || isSilent)) break;
    await sleep(500);
  }
  await fed;
  return last;
}
