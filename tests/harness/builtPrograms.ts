import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { chartsMissing } from "./charts.ts";
import { onPath } from "./programs.ts";

/** Programs that are built from their Go modules where PATH has none: the package, and a module in `programs/` that pins it. */
const BUILT = {
  minio: { package: "github.com/minio/minio", minutes: 3 },
  mc: { package: "github.com/minio/mc", minutes: 1 },
  loki: { package: "github.com/grafana/loki/v3/cmd/loki", minutes: 6 },
} as const;

/** Programs of the system, and the packages of Debian and Ubuntu that have them. */
export const PACKAGES = {
  nginx: "nginx-light",
  memcached: "memcached",
  openssl: "openssl",
  ip: "iproute2",
  unshare: "util-linux",
} as const;

/** Why the scenarios of the agent cannot be run here; or `false`. Alloy does not build from its Go module alone. */
export const alloyMissing = (): string | false =>
  !onPath("alloy") &&
  `alloy is not on PATH: Alloy ${ALLOY_CHART.appVersion}, https://github.com/grafana/alloy/releases`;

/** What takes the place of what is not here, and how to have that instead. */
export function standIns(): string[] {
  const [charts, alloy] = [chartsMissing(), alloyMissing()];
  return [
    ...(charts
      ? [
          `NO CHARTS: Loki's config, the gateway's and all pods come from the same values through a mapping of ours (tests/harness/withoutCharts), not from the charts. ${charts}`,
        ]
      : []),
    ...(alloy ? [`NO ALLOY: a pusher of ours takes its place. ${alloy}`] : []),
  ];
}

export type Program = keyof typeof BUILT | keyof typeof PACKAGES | "alloy";

/** Paths of what the tier starts. */
export type Programs = Readonly<Record<Program, string>>;

/** Where built programs stay. They are found there by the next run, in any checkout. */
export const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "logging-stack", "bin");

/** Why nothing can be run here, one line each; empty where everything is there or can be built. */
export function missing(): string[] {
  const lines: string[] = [];
  if (process.platform !== "linux") lines.push("the tier needs Linux: its network is made of namespaces");
  else if (process.getuid?.() !== 0)
    lines.push("the tier needs root: run it with sudo, its network is made of namespaces");
  else if (spawnSync("unshare", ["--net", "--mount", "--pid", "--fork", "true"]).status !== 0)
    lines.push(
      "unshare --net --mount --pid is refused here: run it where namespaces may be made (a container needs --privileged)",
    );
  for (const [name, source] of Object.entries(PACKAGES)) {
    if (!onPath(name)) lines.push(`${name} is not on PATH: the system's package ${source}`);
  }
  for (const name of Object.keys(BUILT)) {
    if (!onPath(name) && !existsSync(cached(name)) && !onPath("go"))
      lines.push(`${name} is neither on PATH nor in ${CACHE}, and without go (https://go.dev/dl/) it cannot be built`);
  }
  return lines;
}

/** Finds everything, and builds what is neither on PATH nor built already. @throws when a build fails. */
export async function findOrBuild(): Promise<Programs> {
  const paths: Partial<Record<Program, string>> = { alloy: onPath("alloy") ?? "" };
  for (const name of Object.keys(PACKAGES) as Array<keyof typeof PACKAGES>) paths[name] = onPath(name) ?? "";
  for (const name of Object.keys(BUILT) as Array<keyof typeof BUILT>) paths[name] = onPath(name) ?? (await built(name));
  return paths as Programs;
}

/** With the pinned version in its name: a new pin is a new program. */
const cached = (name: string): string => join(CACHE, `${name}-${pinned(name)}`);

/** The version that a module in `programs/` pins. */
export function pinned(name: string): string {
  const source = BUILT[name as keyof typeof BUILT].package.replace(/\/cmd\/.*/, "");
  const module = readFileSync(resolve(import.meta.dirname, "programs", name, "go.mod"), "utf8");
  const version = module
    .split("\n")
    .map((line) =>
      line
        .replace(/^require/, "")
        .trim()
        .split(" "),
    )
    .find(([path]) => path === source)?.[1];
  if (!version) throw new Error(`programs/${name}/go.mod does not require ${source}`);
  return version;
}

async function built(name: keyof typeof BUILT): Promise<string> {
  const path = cached(name);
  if (existsSync(path)) return path;
  const { package: main, minutes } = BUILT[name];
  mkdirSync(CACHE, { recursive: true });
  console.log(`building ${name} ${pinned(name)} once, about ${minutes} min on two cores, into ${CACHE}`);
  const started = performance.now();
  const child = spawn("go", ["build", "-v", "-trimpath", "-ldflags", "-s -w", "-o", `${path}.part`, main], {
    cwd: resolve(import.meta.dirname, "programs", name),
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const said: string[] = [];
  let packages = 0;
  let shown = performance.now();
  for await (const line of createInterface(child.stderr)) {
    said.push(line);
    packages += 1;
    if (performance.now() - shown > 15_000) {
      shown = performance.now();
      console.log(`  ${name}: ${packages} packages, ${Math.round((shown - started) / 1000)} s, at ${line}`);
    }
  }
  const code = child.exitCode ?? (await new Promise((done) => child.once("exit", done)));
  if (code !== 0) throw new Error(`go build ${main} failed:\n${said.slice(-20).join("\n")}`);
  // Whole or not at all: an interrupted build leaves no program that looks like one.
  renameSync(`${path}.part`, path);
  console.log(`  ${name}: built in ${Math.round((performance.now() - started) / 1000)} s`);
  return path;
}
