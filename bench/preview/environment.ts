// What the benchmark runs in: the engine with its providers and MinIO, as in the cluster tier, and one cluster where there are
// programs to make one of.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { startControlPlane, startEtcd } from "../../tests/harness/kubernetes/controlPlane.ts";
import { type Minio, startMinio } from "../../tests/harness/minio.ts";
import { stopAll } from "../../tests/harness/processes.ts";
import { findPrograms, type Programs } from "../../tests/harness/pulumi/findPrograms.ts";
import { type PulumiEngine, preparePulumi } from "../../tests/harness/pulumi/pulumiEngine.ts";
import { type Places, type Program, programConfig, projectOf, writeProgram } from "./programs.ts";

/** The stack that everything is compared with. */
export const STACK = "prod-aks-a";

/** What `pulumi preview` is asked for. */
export interface Previewed {
  readonly stack: string;
  readonly folder: string;
}

export interface BenchEnvironment {
  readonly folder: string;
  readonly programs: Programs;
  readonly minio: Minio;
  readonly engine: PulumiEngine;
  /** False: nothing answers at the cluster's address, and what the API server costs is in no figure. */
  readonly cluster: boolean;
  /** Makes another stack of the project, of the config of `prod-aks-a`. */
  addStack(name: string): Promise<void>;
  /** Writes a program beside the project and makes its stack. */
  addProgram(program: Program): Promise<Previewed>;
}

export async function startBench(programs: Programs): Promise<BenchEnvironment> {
  const folder = mkdtempSync(join(tmpdir(), "logging-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const cluster = !("missing" in findPrograms());
  const minio = await startMinio(programs.program, folder);
  if (cluster) await startControlPlane(programs, folder, STACK, await startEtcd(programs, folder), 5);
  else writeFileSync(join(folder, `${STACK}.kubeconfig`), NOBODY_THERE);
  const engine = preparePulumi(programs, folder, minio);
  const places: Places = {
    minioServer: new URL(minio.endpoint).host,
    caFile: "certs/minio-internal-company-ca.pem",
    lokiChart: "./charts/loki",
    alloyChart: "./charts/alloy",
  };
  await engine.createStack(STACK);
  let written = 0;
  return {
    folder,
    programs,
    minio,
    engine,
    cluster,
    async addStack(name) {
      await engine.createStack(name, STACK);
      engine.changeConfig(name, (config) => {
        config["logging:cluster"].name = name;
      });
    },
    async addProgram(program) {
      written += 1;
      const stack = `program-${written}`;
      const place = join(folder, stack);
      writeProgram(program, place, engine.project);
      const config = stringify({ config: programConfig(projectOf(program), places) });
      writeFileSync(join(place, `Pulumi.${stack}.yaml`), config);
      await succeed(engine, ["stack", "init", stack, "--cwd", place, "--secrets-provider", "passphrase"]);
      return { stack, folder: place };
    },
  };
}

export const endBench = stopAll;

/** `pulumi preview`. @returns seconds. */
export const preview = (
  { engine }: BenchEnvironment,
  { stack, folder }: Previewed,
  environment: Record<string, string>,
): Promise<number> => succeed(engine, ["preview", "--stack", stack, "--cwd", folder], environment);

/** A folder for temporary files, where Node and ts-node keep what they compiled. */
export const temporaryFolder = ({ folder }: BenchEnvironment): string => mkdtempSync(join(folder, "tmp-"));

/** Runs the CLI. @returns seconds. @throws with what it said when it fails. */
export async function succeed(
  engine: PulumiEngine,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<number> {
  const begun = performance.now();
  const { exitCode, output } = await engine.run(args, environment);
  if (exitCode !== 0) throw new Error(`pulumi ${args.join(" ")}: ${output}`);
  return (performance.now() - begun) / 1000;
}

/** Of a cluster that does not answer: nobody listens on port 1. */
const NOBODY_THERE = stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: STACK, cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "user", user: { token: "none" } }],
  contexts: [{ name: STACK, context: { cluster: STACK, user: "user" } }],
  "current-context": STACK,
});
