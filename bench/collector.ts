// npm run bench:collector: Alloy alone, against a sink that takes everything. One variant after the other, in rounds.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chartsMissing } from "../tests/harness/charts.ts";
import { argumentsOf } from "../tests/harness/developerCommand.ts";
import { eventsMissing } from "../tests/harness/runningStack/eventSender.ts";
import { enterNamespaces, inNamespaces } from "../tests/harness/runningStack/namespaces.ts";
import { journalMissing } from "../tests/harness/runningStack/nodeJournal.ts";
import { alloyMissing } from "../tests/harness/runningStack/requirements.ts";
import { type CollectorStart, collectorOf, makeNode, oldRelease } from "./collector/collector.ts";
import { eventsCollector } from "./collector/events.ts";
import { journalCollector } from "./collector/journal.ts";
import { type Measured, measureCollector } from "./collector/measure.ts";
import { reportCollectors } from "./collector/report.ts";
import { type Amount, SCENES, type Scene } from "./collector/scenes.ts";
import { startSink } from "./collector/sink.ts";
import { changedVariant, seedVariant, stackVariant } from "./pipeline/variants.ts";

const USAGE = `npm run bench:collector -- [OPTION...]
  --scene backlog                 or another of ${Object.keys(SCENES).join(", ")}
  --variants seed,stack,release   only these; release is 0.1, which read files by a script
  --variants stack,journal,events the node's journal and Kubernetes events with the same texts, beside the lines of pods
  --with 'name={"args": {...}}'   also the stack with changes, as in bench:pipeline; may be repeated
  --megabytes 60                  of lines
  --rate 0.5                      MB/s that the node logs
  --rounds 2

It needs Alloy, helm and the charts, and root on Linux for separate mounts. Journal and events need what their scenarios need.`;

const { values: options } = argumentsOf(USAGE, {
  scene: { type: "string", default: "backlog" },
  megabytes: { type: "string", default: "60" },
  rate: { type: "string", default: "0.5" },
  rounds: { type: "string", default: "2" },
  variants: { type: "string", default: "seed,stack" },
  with: { type: "string", multiple: true, default: [] },
});
const amount: Amount = { megabytes: Number(options.megabytes), rate: Number(options.rate) };

process.exit(inNamespaces() ? await compareCollectors() : await enter());

async function enter(): Promise<number> {
  const wanted = options.variants.split(",");
  const missing = [
    ...[alloyMissing(), chartsMissing()],
    wanted.includes("journal") && journalMissing(),
    wanted.includes("events") && eventsMissing(),
  ]
    .filter(Boolean)
    .join("; ");
  const ended = missing ? { missing: [missing] } : await enterNamespaces();
  if (typeof ended === "number") return ended;
  for (const line of ended.missing) console.log(`skipped: ${line}`);
  return 0;
}

async function compareCollectors(): Promise<number> {
  const scene: Scene | undefined = SCENES[options.scene as keyof typeof SCENES];
  if (!scene) throw new Error(`--scene needs one of ${Object.keys(SCENES).join(", ")}, not ${options.scene}`);
  const folder = mkdtempSync(join(tmpdir(), "logging-collector-"));
  try {
    makeNode(folder);
    const starts = await startsOf(folder);
    const sink = await startSink(80);
    const input = await scene.input(join(folder, "input"), amount);
    const measured = new Map<string, Measured[]>(starts.map(({ name }) => [name, []]));
    for (let round = 0; round < Number(options.rounds); round++)
      for (const start of starts) {
        const log = join(folder, "alloy.log");
        const figures = await measureCollector(start, { scene, input, amount, sink, log });
        console.log(`${start.name}: ${JSON.stringify(figures)}`);
        measured.get(start.name)?.push(figures);
      }
    console.log(`\n${reportCollectors(scene.words(input, amount), measured)}`);
    return 0;
  } finally {
    if (!process.env.KEEP) rmSync(folder, { recursive: true, force: true });
  }
}

async function startsOf(folder: string): Promise<CollectorStart[]> {
  const wanted = options.variants.split(",");
  const variants = [
    ...[seedVariant, stackVariant()].filter(({ name }) => wanted.includes(name)),
    ...options.with.map(changedVariant),
  ];
  const starts = wanted.includes("release") ? [await oldRelease()] : [];
  for (const variant of variants) starts.push(await collectorOf(variant));
  if (wanted.includes("journal")) starts.push(await journalCollector());
  if (wanted.includes("events")) starts.push(await eventsCollector(folder));
  return starts;
}
