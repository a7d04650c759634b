// Runs shell as a step of a pipeline, with stand-ins for the programs it calls.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a step called, and how it ended. */
export interface Ran {
  readonly status: number | null;
  /** One line for each call of a stand-in, with MinIO's keys if it got them. */
  readonly calls: string;
  readonly output: string;
  /** A file that the step wrote into its folder; empty if it wrote none. */
  readonly file: (name: string) => string;
}

/** What each program does unless a test changes it. */
const PROGRAMS: Record<string, string> = {
  npm: "",
  pulumi: "",
  gh: "",
  curl: "",
  az: "echo of-az",
  helm: "",
  sudo: "",
};

const parent = mkdtempSync(join(tmpdir(), "logging-steps-"));
process.once("exit", () => rmSync(parent, { recursive: true, force: true }));

/** Runs `shell` in the project's folder; `standIns` are bodies of shell scripts by the program's name. */
export function runStep(
  shell: string,
  environment: NodeJS.ProcessEnv = {},
  standIns: Record<string, string> = {},
): Ran {
  const folder = mkdtempSync(join(parent, "step-"));
  const bin = join(folder, "stand-ins");
  mkdirSync(bin);
  for (const [name, body] of Object.entries({ ...PROGRAMS, ...standIns })) {
    const call = `echo "${name} $*\${MINIO_PASSWORD:+ with $MINIO_USER:$MINIO_PASSWORD}" >>"${folder}/calls"`;
    writeFileSync(join(bin, name), `#!/bin/bash\n${call}\n${body}\n`, { mode: 0o755 });
  }
  const { status, stdout, stderr } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", shell], {
    encoding: "utf8",
    timeout: 30_000,
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: folder,
      RUNNER_TEMP: folder,
      AGENT_TEMPDIRECTORY: folder,
      GRACE_DIR: join(folder, "grace"),
      GITHUB_OUTPUT: join(folder, "OUTPUT"),
      GITHUB_ENV: join(folder, "ENV"),
      GITHUB_PATH: join(folder, "PATH"),
      ...environment,
    },
  });
  const file = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
  return { status, calls: file("calls"), output: stdout + stderr, file };
}
