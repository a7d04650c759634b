// What the benchmark runs on: the engine with its providers and MinIO, as in the cluster tier, and a cluster if its programs are there.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { startControlPlane } from "../../tests/harness/kubernetes/controlPlane.ts";
import { startEtcd } from "../../tests/harness/kubernetes/etcd.ts";
import { startMinio } from "../../tests/harness/minio.ts";
import { findPrograms, type Programs } from "../../tests/harness/pulumi/findPrograms.ts";
import { offlinePlanOf } from "../../tests/harness/pulumi/offlinePlanOf.ts";
import { type PulumiEngine, preparePulumi } from "../../tests/harness/pulumi/pulumiEngine.ts";
import { flatSource, writeFlatProgram } from "./flatProgram.ts";

/** The stack that everything is compared with. */
export const STACK = "prod-aks-a";

/** A stack and the folder of its program. */
export interface Previewed {
  readonly stack: string;
  readonly folder: string;
}

export interface BenchEngine {
  readonly folder: string;
  readonly programs: Programs;
  readonly engine: PulumiEngine;
  /** Whether an API server answers. If not, no figure contains its time. */
  readonly cluster: boolean;
  /** Writes a flat program beside the project and creates its stack. */
  addFlatProgram(options: { compileCache: boolean }): Promise<Previewed>;
}

export async function startBenchEngine(programs: Programs): Promise<BenchEngine> {
  const folder = mkdtempSync(join(tmpdir(), "logging-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const cluster = !("missing" in findPrograms());
  const minio = await startMinio(programs.program, folder);
  if (cluster) await startControlPlane(programs, folder, STACK, await startEtcd(programs, folder), 5);
  else writeFileSync(join(folder, `${STACK}.kubeconfig`), UNREACHABLE_CLUSTER);
  const engine = preparePulumi(programs, folder, minio);
  await engine.createStack(STACK);
  const source = flatSource(offlinePlanOf(engine.project, STACK), new URL(minio.endpoint).host);
  return {
    folder,
    programs,
    engine,
    cluster,
    async addFlatProgram({ compileCache }) {
      const stack = compileCache ? "flat-cached" : "flat";
      const place = join(folder, stack);
      writeFlatProgram(place, source, { project: engine.project, compileCache });
      await succeed(engine, ["stack", "init", stack, "--cwd", place, "--secrets-provider", "passphrase"]);
      return { stack, folder: place };
    },
  };
}

/** Runs `pulumi preview`. @returns seconds. */
export const preview = (
  { engine }: BenchEngine,
  { stack, folder }: Previewed,
  environment: Record<string, string>,
): Promise<number> => succeed(engine, ["preview", "--stack", stack, "--cwd", folder], environment);

/** A new folder for temporary files. Node keeps its compile cache there. */
export const temporaryFolder = ({ folder }: BenchEngine): string => mkdtempSync(join(folder, "tmp-"));

/** Runs the CLI. @returns seconds. @throws with its output when it fails. */
export async function succeed(
  engine: PulumiEngine,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<number> {
  const started = performance.now();
  const { exitCode, output } = await engine.run(args, environment);
  if (exitCode !== 0) throw new Error(`pulumi ${args.join(" ")}: ${output}`);
  return (performance.now() - started) / 1000;
}

/** A kubeconfig of a cluster that does not answer: no process listens on port 1. */
const UNREACHABLE_CLUSTER = stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: STACK, cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "user", user: { token: "none" } }],
  contexts: [{ name: STACK, context: { cluster: STACK, user: "user" } }],
  "current-context": STACK,
});
