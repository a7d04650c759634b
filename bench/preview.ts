// npm run bench: `pulumi preview` of a production stack against the flat program in bench/flat, in the same run.
// Needs what npm run test:cluster needs. Times are of this machine; the ratio is the result.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { endEnvironment, sharedEnvironment } from "../tests/cluster/environment.ts";
import { findPrograms } from "../tests/cluster/programs.ts";

const ROUNDS = Number(process.argv[2] ?? 9);
const STACK = "prod-aks-a";

const found = findPrograms();
if ("missing" in found) {
  for (const part of found.missing) console.log(`skipped: the benchmark lacks ${part}`);
  process.exit(0);
}
try {
  const { engine, minio } = await sharedEnvironment();
  const flat = join(engine.project, "../flat");
  mkdirSync(flat);
  cpSync(resolve(import.meta.dirname, "flat"), flat, { recursive: true });
  for (const shared of ["node_modules", "charts", "certs", "package.json"])
    symlinkSync(join(engine.project, shared), join(flat, shared));
  writeFileSync(
    join(flat, "Pulumi.flat.yaml"),
    stringify({
      config: {
        "flat:minioServer": new URL(minio.endpoint).host,
        "flat:caFile": "certs/minio-internal-company-ca.pem",
        "flat:lokiChart": "./charts/loki",
        "flat:alloyChart": "./charts/alloy",
      },
    }),
  );
  const admin = { MINIO_USER: minio.admin.accessKey, MINIO_PASSWORD: minio.admin.secretKey };
  const run = async (args: string[], environment = {}): Promise<number> => {
    const begun = performance.now();
    const { exitCode, output } = await engine.run(args, { ...admin, ...environment });
    if (exitCode !== 0) throw new Error(output);
    return (performance.now() - begun) / 1000;
  };
  await run(["stack", "init", "flat", "--cwd", flat, "--secrets-provider", "passphrase"]);
  const component = () => run(["preview", "--stack", STACK]);
  const plain = () => run(["preview", "--stack", "flat", "--cwd", flat]);
  // The project's node-version.cjs turns the compile cache on; with it in both, what is left is the component itself.
  const cached = () => run(["preview", "--stack", "flat", "--cwd", flat], { NODE_COMPILE_CACHE: join(flat, "cache") });

  // The first of each fills the file cache and the compile cache.
  for (const warmUp of [component, plain, cached]) await warmUp();
  const rounds: Array<readonly [number, number, number]> = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push([await component(), await plain(), await cached()]);

  const seconds = (which: 0 | 1 | 2) => median(rounds.map((round) => round[which])).toFixed(2);
  const ratio = (to: 1 | 2) => {
    const ratios = rounds.map((round) => round[0] / round[to]);
    return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
  };
  const result = [
    "# `pulumi preview`: the component against the flat program",
    "",
    `${ROUNDS} rounds of the three in turn, ${cpus()[0]?.model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split("-")[0]}, Node ${process.version}.`,
    "",
    "| | seconds, median | the stack's time to it, round by round: median (min to max) |",
    "|---|---|---|",
    `| stack ${STACK} (component, config, checks) | ${seconds(0)} | |`,
    `| bench/flat (the same resources) | ${seconds(1)} | ${ratio(1)} |`,
    `| bench/flat with Node's compile cache, as the stack has it | ${seconds(2)} | ${ratio(2)} |`,
    "",
  ].join("\n");
  mkdirSync(resolve(import.meta.dirname, "results"), { recursive: true });
  writeFileSync(resolve(import.meta.dirname, "results/preview.md"), result);
  console.log(result);
} finally {
  await endEnvironment();
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
