import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { onPath } from "./programs.ts";

/** Programs that can be built from their Go modules. `programs/` has a module for each that pins its version. */
const PACKAGES = {
  minio: { main: "github.com/minio/minio", minutes: 3 },
  mc: { main: "github.com/minio/mc", minutes: 1 },
  loki: { main: "github.com/grafana/loki/v3/cmd/loki", minutes: 6 },
  "loki-canary": { main: "github.com/grafana/loki/v3/cmd/loki-canary", minutes: 1, module: "loki" },
  // Without the discoveries of every cloud: the tier names its targets.
  prometheus: { main: "github.com/prometheus/prometheus/cmd/prometheus", minutes: 3, tags: "remove_all_sd" },
} as const satisfies Record<string, { main: string; minutes: number; module?: string; tags?: string }>;

export type GoProgram = keyof typeof PACKAGES;

/** Those without which no stack runs. */
export const GO_PROGRAMS = ["minio", "mc", "loki", "loki-canary"] as const satisfies readonly GoProgram[];

/** Where built programs are kept. Every checkout finds them there. */
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "logging-stack", "bin");

/** Why a program can be neither found nor built. `false` when it can. */
export const cannotBuild = (name: GoProgram): string | false =>
  !builtOrOnPath(name) &&
  !onPath("go") &&
  `${name} is neither on PATH nor in ${CACHE}, and without go (https://go.dev/dl/) it cannot be built`;

/** Path of a program that is on PATH or was built by an earlier run. */
export const builtOrOnPath = (name: GoProgram): string | undefined =>
  onPath(name) ?? (existsSync(cached(name)) ? cached(name) : undefined);

/** Path of a program. Builds it first when it is neither on PATH nor in the cache. @throws when the build fails. */
export const findOrBuild = async (name: GoProgram): Promise<string> => builtOrOnPath(name) ?? (await build(name));

/** The pinned version is in the file's name, so that a new pin is a new program. */
const cached = (name: GoProgram): string => join(CACHE, `${name}-${pinned(name)}`);

/** Name of the Go module that pins a program. */
function moduleName(name: GoProgram): string {
  const program = PACKAGES[name];
  return "module" in program ? program.module : name;
}

/** Folder of the Go module that pins a program. */
const moduleOf = (name: GoProgram): string => resolve(import.meta.dirname, "programs", moduleName(name));

/** The version that a program's module pins. */
export function pinned(name: GoProgram): string {
  const source = PACKAGES[name].main.replace(/\/cmd\/.*/, "");
  const module = readFileSync(join(moduleOf(name), "go.mod"), "utf8");
  const requirements = module.split("\n").map((line) =>
    line
      .replace(/^require/, "")
      .trim()
      .split(" "),
  );
  const version = requirements.find(([path]) => path === source)?.[1];
  if (!version) throw new Error(`programs/${moduleName(name)}/go.mod does not require ${source}`);
  return version;
}

async function build(name: GoProgram): Promise<string> {
  const path = cached(name);
  const program = PACKAGES[name];
  const { main, minutes } = program;
  const tags = "tags" in program ? ["-tags", program.tags] : [];
  mkdirSync(CACHE, { recursive: true });
  console.log(`building ${name} ${pinned(name)} once, about ${minutes} min on two cores, into ${CACHE}`);
  const started = performance.now();
  const child = spawn("go", ["build", "-v", "-trimpath", ...tags, "-ldflags", "-s -w", "-o", `${path}.part`, main], {
    cwd: moduleOf(name),
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const output: string[] = [];
  let shown = performance.now();
  for await (const line of createInterface(child.stderr)) {
    output.push(line);
    if (performance.now() - shown > 15_000) {
      shown = performance.now();
      console.log(`  ${name}: ${output.length} packages, ${Math.round((shown - started) / 1000)} s, at ${line}`);
    }
  }
  const code = child.exitCode ?? (await new Promise((done) => child.once("exit", done)));
  if (code !== 0) throw new Error(`go build ${main} failed:\n${output.slice(-20).join("\n")}`);
  // An interrupted build must not leave a file that looks like the program.
  renameSync(`${path}.part`, path);
  console.log(`  ${name}: built in ${Math.round((performance.now() - started) / 1000)} s`);
  return path;
}
