// The time of `npm run preview` beyond the engine's preview: rendering the charts, and the report itself.
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { median } from "../statistics.ts";
import { type BenchEngine, STACK, succeed, temporaryFolder } from "./benchEngine.ts";

/** How the time of one `npm run preview` is divided, in seconds. */
export interface Shares {
  readonly total: number;
  /** The engine's preview. */
  readonly preview: number;
  /** Other calls of the CLI by the Automation API: version, list of stacks, state. */
  readonly cli: number;
  /** While at least one `helm template` runs. */
  readonly rendering: number;
  /** The rest: npm, Node, loading the report's code, parsing the output of helm and the engine, comparing, printing. */
  readonly own: number;
}

interface Call {
  readonly program: string;
  readonly args: string;
  readonly begun: number;
  readonly ended: number;
}

/** Divides the time of a command by the programs that it called. */
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

export async function measureReport(bench: BenchEngine, rounds: number): Promise<string> {
  const { engine, programs } = bench;
  if (!programs.helm) return "skipped: helm is not on PATH (https://helm.sh/docs/intro/install/)";
  const rows = [await row(bench, STACK, "a stack that does not exist yet", rounds)];
  if (bench.cluster) {
    await succeed(engine, ["up", "--stack", STACK, "--yes", "--skip-preview"]);
    const undo = engine.changeConfig(STACK, (config) => {
      config["logging:loki"].retentionHours += 24;
      config["logging:alloy"].bufferMiB = 8192;
    });
    rows.push(await row(bench, STACK, "a deployed stack with changes in both releases", rounds));
    undo();
  } else
    rows.push(
      "| a deployed stack with changes in both releases | skipped: it needs the programs of the cluster tier | | | | | |",
    );
  return [
    "| `npm run preview` of | seconds, median | the engine's preview | other calls of the CLI | rendering | the report's own: median (max) | beyond preview and rendering: median (max) |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

async function row(bench: BenchEngine, stack: string, what: string, rounds: number): Promise<string> {
  const TMPDIR = temporaryFolder(bench);
  const measured: Shares[] = [];
  for (let round = 0; round <= rounds; round++) {
    const one = await timedReport(bench, stack, TMPDIR);
    console.log(
      `  ${round === 0 ? "warm-up" : round} ${what}: ${JSON.stringify(one, (_, v) => (typeof v === "number" ? Math.round(v * 100) / 100 : v))}`,
    );
    // The first round fills the caches.
    if (round > 0) measured.push(one);
  }
  const of = (share: (shares: Shares) => number) => measured.map(share);
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

/** Runs `npm run preview` with wrappers of pulumi and helm on PATH that write down their times. */
async function timedReport({ engine, folder, programs }: BenchEngine, stack: string, TMPDIR: string): Promise<Shares> {
  const wrappers = join(folder, "wrappers");
  mkdirSync(wrappers, { recursive: true });
  const journal = join(wrappers, "journal");
  writeFileSync(journal, "");
  for (const [name, program] of Object.entries({ pulumi: programs.program.pulumi, helm: programs.helm })) {
    writeFileSync(join(wrappers, name), wrapper(name, program ?? name, journal));
    chmodSync(join(wrappers, name), 0o755);
  }
  const begun = performance.now();
  await promisify(execFile)("npm", ["run", "--silent", "preview", "--", stack], {
    cwd: engine.project,
    env: {
      ...process.env,
      ...engine.environment,
      TMPDIR,
      npm_config_update_notifier: "false",
      PATH: [wrappers, engine.environment.PATH].join(delimiter),
    },
    maxBuffer: 64 * 2 ** 20,
  });
  const total = (performance.now() - begun) / 1000;
  return shares(total, readFileSync(journal, "utf8").split("\n").filter(Boolean).map(call));
}

/** A shell script that runs a program and writes down when. */
const wrapper = (name: string, program: string, journal: string): string =>
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
