// npm run render -- <stack> --out DIR: everything a stack would send, as files, offline.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { ALLOY_PIPELINE } from "../../components/alloy/values.ts";
import { helmMissing, helmTemplate, type ReleaseInputs } from "../plan/helmTemplate.ts";
import { type OfflinePlan, planOffline } from "../plan/offlinePlan.ts";
import { RELEASE_TYPE } from "../plan/releases.ts";
import { readStackFile, stackNames } from "../plan/stackFiles.ts";
import { readCommandLine } from "./commandLine.ts";
import { reportAndExit } from "./reportAndExit.ts";

const USAGE = `usage: npm run render -- <stack> [--config-file FILE] --out DIR\nstacks: ${stackNames().join(", ")}`;

try {
  const { values, positionals } = readCommandLine(USAGE, {
    out: { type: "string" },
    "config-file": { type: "string" },
  });
  const [stack] = positionals;
  if (!stack || positionals.length > 1 || !values.out) throw new Error(USAGE);
  const plan = await planOffline(readStackFile(stack, values["config-file"]));
  // All of it before the first file: a stack that cannot be rendered leaves nothing half-written.
  const { files, notes } = renderFiles(plan);
  // Objects of an earlier rendering that are no longer there would look as if they were.
  rmSync(join(values.out, "manifests"), { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(values.out, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  console.log(`${stack}: ${Object.keys(files).length} files in ${values.out}`);
  for (const note of notes) console.log(note);
} catch (error) {
  reportAndExit(error);
}

function renderFiles(plan: OfflinePlan): { files: Record<string, string>; notes: string[] } {
  const release = (name: string) =>
    plan.resources.find((r) => r.type === RELEASE_TYPE && r.inputs.name === name)?.inputs as unknown as ReleaseInputs;
  const policy = plan.resources.find((r) => r.type.startsWith("minio:") && r.type.endsWith(":IamPolicy"));
  const releases = [release("loki"), release("alloy")];
  const files: Record<string, string> = {
    "resources.json": `${JSON.stringify(plan.resources, null, 2)}\n`,
    "config.alloy": readFileSync(ALLOY_PIPELINE, "utf8"),
    ...Object.fromEntries(releases.map(({ name, values }) => [`${name}.values.yaml`, stringify(values)])),
    ...(policy && { "minio-policy.json": `${JSON.stringify(JSON.parse(String(policy.inputs.policy)), null, 2)}\n` }),
  };
  const notes: string[] = [];
  const missing = helmMissing();
  if (missing) return { files, notes: [`no manifests: ${missing}`] };
  for (const one of releases) {
    try {
      for (const manifest of helmTemplate(one)) {
        files[`manifests/${one.name}/${manifest.kind.toLowerCase()}-${manifest.metadata.name}.yaml`] =
          stringify(manifest);
      }
    } catch (error) {
      // Without the chart the rest is still worth having; a chart that refuses our values is an error.
      if (process.env.LOGGING_CHARTS) throw error;
      notes.push(`no manifests of ${one.name}: ${(error as Error).message}`);
    }
  }
  return { files, notes };
}
