import { ALLOY_PIPELINE } from "../../components/alloy/values.ts";
import type { Finding } from "../../components/findings.ts";
import { textFile } from "../../components/textFile.ts";
import { checkPromises } from "../promises/checkPromises.ts";
import { writeYaml } from "../yaml/kubernetesYaml.ts";
import { helmMissing } from "./helmTemplate.ts";
import type { OfflinePlan } from "./offlinePlan.ts";
import { releasesOf } from "./releases.ts";
import type { StackFile } from "./stackFiles.ts";

/** Files by their path, what could not be rendered, and promises of the stack that it breaks. */
export interface RenderedFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly broken: readonly Finding[];
}

/**
 * Everything that a stack would send, as files: its resources, both releases' values and objects, Alloy's config, the bucket's policy.
 * Without helm, or without a chart, there are notes instead of objects, and the promises are not checked.
 *
 * @throws when a chart in `LOGGING_CHARTS` refuses the stack's own values.
 */
export async function renderedFiles(file: StackFile, { resources, warnings }: OfflinePlan): Promise<RenderedFiles> {
  const policy = resources.find(({ type }) => type.startsWith("minio:") && type.endsWith(":IamPolicy"));
  const releases = releasesOf(resources);
  const files: Record<string, string> = {
    "resources.json": `${JSON.stringify(resources, null, 2)}\n`,
    "config.alloy": textFile(ALLOY_PIPELINE),
    ...Object.fromEntries(releases.map(({ name, values }) => [`${name}.values.yaml`, writeYaml(values)])),
    ...(policy && { "minio-policy.json": `${JSON.stringify(JSON.parse(String(policy.inputs.policy)), null, 2)}\n` }),
  };
  const notes = warnings.map((warning) => `warning: ${warning}`);
  const missing = helmMissing();
  if (missing) return { files, notes: [...notes, `no manifests: ${missing}`], broken: [] };
  try {
    const { objects, broken, warnings: more } = await checkPromises(file, resources);
    for (const [i, { name }] of releases.entries())
      for (const manifest of objects[i] ?? [])
        files[`manifests/${name}/${manifest.kind.toLowerCase()}-${manifest.metadata.name}.yaml`] = writeYaml(manifest);
    return { files, notes: [...notes, ...more.map((warning) => `warning: ${warning}`)], broken };
  } catch (error) {
    // A local chart that refuses our values is an error. A repository that does not answer is not: the other files are complete.
    if (process.env.LOGGING_CHARTS) throw error;
    return { files, notes: [...notes, `no manifests: ${(error as Error).message}`], broken: [] };
  }
}
