import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A machine without any program, and without MinIO's keys. */
export const BARE = { PATH: "/nonexistent", MINIO_USER: "", MINIO_PASSWORD: "" };

/**
 * A `pulumi` that records its calls and answers with its version. Everything else is up to the test.
 *
 * @param script Shell commands that answer the other calls.
 */
export function fakePulumi(folder: string, script: string) {
  const calls = join(folder, "calls");
  const pulumi = `#!/bin/sh\necho "$*" >>${calls}\n[ "$1" = version ] && echo v3.270.0 && exit\n${script}\n`;
  writeFileSync(join(folder, "pulumi"), pulumi, { mode: 0o755 });
  rmSync(calls, { force: true });
  return { env: { ...BARE, PATH: folder }, calls: () => readFileSync(calls, "utf8") };
}
