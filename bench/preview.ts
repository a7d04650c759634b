// npm run bench: `pulumi preview` of a production stack against the flat program in bench/flat, in the same run.
// Needs what npm run test:cluster needs. Times are of this machine; the ratio is the result.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { endEnvironment, sharedEnvironment } from "../tests/cluster/environment.ts";
import { findPrograms } from "../tests/cluster/programs.ts";

const PAIRS = Number(process.argv[2] ?? 9);
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
  const run = async (args: string[]): Promise<number> => {
    const begun = performance.now();
    const { exitCode, output } = await engine.run(args, admin);
    if (exitCode !== 0) throw new Error(output);
    return (performance.now() - begun) / 1000;
  };
  await run(["stack", "init", "flat", "--cwd", flat, "--secrets-provider", "passphrase"]);
  const component = () => run(["preview", "--stack", STACK]);
  const plain = () => run(["preview", "--stack", "flat", "--cwd", flat]);

  // The first of each fills the file cache.
  await component();
  await plain();
  const pairs: Array<readonly [number, number]> = [];
  for (let i = 0; i < PAIRS; i++) pairs.push([await component(), await plain()]);

  const seconds = (which: 0 | 1) => median(pairs.map((pair) => pair[which]));
  const ratios = pairs.map(([a, b]) => a / b);
  const result = [
    "# `pulumi preview`: the component against the flat program",
    "",
    `${PAIRS} pairs in turn, ${cpus()[0]?.model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}.`,
    "",
    "| | seconds, median |",
    "|---|---|",
    `| stack ${STACK} (component, config, checks) | ${seconds(0).toFixed(2)} |`,
    `| bench/flat (the same resources) | ${seconds(1).toFixed(2)} |`,
    `| **ratio, pair by pair: median (min to max)** | **${median(ratios).toFixed(2)}** (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}) |`,
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
