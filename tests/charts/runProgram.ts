import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for files of this process, removed when it ends. */
export const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
process.once("exit", () => rmSync(folder, { recursive: true }));

/** Writes a file that a program reads. @returns its path. */
export function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs a program with nothing of this process's environment but PATH. */
export function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): { status: number | null; stdout: string; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", HOME: folder, ...env },
    timeout: 30_000,
  });
  return { status, stdout, output: stdout + stderr };
}

/** Lets Loki check its config, with the CA where the repository has it instead of where the pod mounts it. */
export function verifyLokiConfig(config: string): ReturnType<typeof run> {
  const ca = join(process.cwd(), "certs/minio-internal-company-ca.pem");
  const path = file("loki.yaml", config.replaceAll("/etc/loki/ca/ca.crt", ca));
  return run("loki", ["-verify-config", `-config.file=${path}`, "-config.expand-env=true"], {
    MINIO_ACCESS_KEY: "accessKey1",
    MINIO_SECRET_KEY: "secretKey1",
  });
}
