// What `npm run preview` takes beside the engine's preview: the report's own time, and that of rendering the charts.
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type BenchEnvironment, STACK, succeed, temporaryFolder } from "./environment.ts";
import { median } from "./rounds.ts";

/** Where the time of one `npm run preview` went, in seconds. */
export interface Shares {
  readonly total: number;
  /** The engine's preview. */
  readonly preview: number;
  /** What else the Automation API asks the CLI: its version, whether the stack is there, its state. */
  readonly cli: number;
  /** `helm template`, at least one at work. */
  readonly rendering: number;
  /** All other: npm, Node, loading the report's code, reading what helm and the engine said, comparing, printing. */
  readonly own: number;
}

interface Call {
  readonly program: string;
  readonly args: string;
  readonly begun: number;
  readonly ended: number;
}

/** From the calls of programs that a command made. */
export function shares(total: number, calls: readonly Call[]): Shares {
  const isPreview = ({ program, args }: Call) => program === "pulumi" && /^preview\b/.test(args);
  const [preview, cli, rendering, all] = [
    covered(calls.filter(isPreview)),
    covered(calls.filter((call) => call.program === "pulumi" && !isPreview(call))),
    covered(calls.filter(({ program }) => program === "helm")),
    covered(calls),
  ];
  return { total, preview, cli, rendering, own: total - all };
}

/** Seconds in which at least one of the calls ran. */
function covered(calls: readonly Call[]): number {
  let [sum, until] = [0, 0];
  for (const { begun, ended } of calls.toSorted((a, b) => a.begun - b.begun)) {
    sum += Math.max(0, ended - Math.max(begun, until));
    until = Math.max(until, ended);
  }
  return sum;
}

export async function reportTime(bench: BenchEnvironment, count: number): Promise<string> {
  const { engine, programs } = bench;
  if (!programs.helm) return "skipped: helm is not on PATH (https://helm.sh/docs/intro/install/)";
  const rows = [await measured(bench, STACK, "a stack that is not there yet", count)];
  if (bench.cluster) {
    await succeed(engine, ["up", "--stack", STACK, "--yes", "--skip-preview"]);
    const undo = engine.changeConfig(STACK, (config) => {
      config["logging:loki"].retentionHours += 24;
      config["logging:alloy"].maxLinesPerSecond = 4000;
    });
    rows.push(await measured(bench, STACK, "a deployed stack of which both releases change", count));
    undo();
  } else
    rows.push(
      "| a deployed stack of which both releases change | skipped: it takes the cluster tier's programs | | | | | |",
    );
  return [
    "| `npm run preview` of | seconds, median | the engine's preview | other calls of the CLI | rendering | the report's own: median (max) | beyond preview and rendering: median (max) |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

async function measured(bench: BenchEnvironment, stack: string, what: string, count: number): Promise<string> {
  const TMPDIR = temporaryFolder(bench);
  const seen: Shares[] = [];
  for (let round = 0; round <= count; round++) {
    const one = await timedReport(bench, stack, TMPDIR);
    console.log(
      `  ${round === 0 ? "before" : round} ${what}: ${JSON.stringify(one, (_, v) => (typeof v === "number" ? Math.round(v * 100) / 100 : v))}`,
    );
    // The first fills the caches.
    if (round > 0) seen.push(one);
  }
  const of = (share: (shares: Shares) => number) => seen.map(share);
  const shown = (numbers: number[]) => median(numbers).toFixed(2);
  const withMax = (numbers: number[]) => `${shown(numbers)} (${Math.max(...numbers).toFixed(2)})`;
  return `| ${[
    what,
    shown(of(({ total }) => total)),
    shown(of(({ preview }) => preview)),
    shown(of(({ cli }) => cli)),
    shown(of(({ rendering }) => rendering)),
    withMax(of(({ own }) => own)),
    withMax(of(({ total, preview, rendering }) => total - preview - rendering)),
  ].join(" | ")} |`;
}

/** Runs `npm run preview` with programs on PATH that note when they were called. */
async function timedReport(
  { engine, folder, programs }: BenchEnvironment,
  stack: string,
  TMPDIR: string,
): Promise<Shares> {
  const noted = join(folder, "noted");
  mkdirSync(noted, { recursive: true });
  const journal = join(noted, "journal");
  writeFileSync(journal, "");
  for (const [name, program] of Object.entries({ pulumi: programs.program.pulumi, helm: programs.helm })) {
    writeFileSync(join(noted, name), noting(name, program ?? name, journal));
    chmodSync(join(noted, name), 0o755);
  }
  const begun = performance.now();
  await promisify(execFile)("npm", ["run", "--silent", "preview", "--", stack], {
    cwd: engine.project,
    env: {
      ...process.env,
      ...engine.environment,
      TMPDIR,
      npm_config_update_notifier: "false",
      PATH: [noted, engine.environment.PATH].join(delimiter),
    },
    maxBuffer: 64 * 2 ** 20,
  });
  const total = (performance.now() - begun) / 1000;
  return shares(total, readFileSync(journal, "utf8").split("\n").filter(Boolean).map(call));
}

/** A program in the place of another, which it calls. */
const noting = (name: string, program: string, journal: string): string =>
  `#!/bin/sh
begun=$(date +%s.%N)
"${program}" "$@"
code=$?
echo "$begun $(date +%s.%N) ${name} $*" >> "${journal}"
exit $code
`;

function call(line: string): Call {
  const [begun = "", ended = "", program = "", ...args] = line.split(" ");
  return { program, args: args.join(" "), begun: Number(begun), ended: Number(ended) };
}
