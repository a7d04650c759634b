// npm run render -- <stack> --out DIR: everything that a stack would send, as files, offline.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { planOffline } from "../plan/offlinePlan.ts";
import { renderedFiles } from "../plan/renderedFiles.ts";
import { readStackFile, stackNames } from "../plan/stackFiles.ts";
import { keptPromises } from "../promises/checkPromises.ts";
import { defineCommand, onlyStack, runAsProcess, UsageError } from "./defineCommand.ts";

const usage = () =>
  `usage: npm run render -- <stack> [--config-file FILE] --out DIR\nstacks: ${stackNames().join(", ")}`;

const OPTIONS = { out: { type: "string" }, "config-file": { type: "string" } } as const;

export const main = defineCommand(usage, OPTIONS, async ({ values, positionals }) => {
  const stack = onlyStack(positionals);
  const { out } = values;
  if (!out) throw new UsageError("--out DIR is missing: the folder for the files");
  // Rendered as a whole before the first file is written: a stack that cannot be rendered leaves nothing half-written.
  const file = readStackFile(stack, values["config-file"]);
  const { files, notes, broken } = await renderedFiles(file, await planOffline(file));
  // Objects of an earlier rendering that no longer exist would look as if they did.
  rmSync(join(out, "manifests"), { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(out, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  console.log(`${stack}: ${Object.keys(files).length} files in ${out}`);
  for (const note of notes) console.log(note);
  // The files are there all the same: they show what breaks the promise.
  keptPromises(stack, { broken });
  return 0;
});

if (import.meta.main) runAsProcess(main);
