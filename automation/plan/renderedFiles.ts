import { readFileSync } from "node:fs";
import { ALLOY_PIPELINE } from "../../components/alloy/values.ts";
import { writeYaml } from "../yaml/kubernetesYaml.ts";
import { helmMissing, helmTemplate } from "./helmTemplate.ts";
import type { OfflinePlan } from "./offlinePlan.ts";
import { releasesOf } from "./releases.ts";

/** Files by their path, and what could not be rendered. */
export interface RenderedFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/**
 * Everything that a stack would send, as files: its resources, both releases' values and objects, Alloy's config, the bucket's policy.
 * Without helm, or without a chart, there are notes instead of objects.
 *
 * @throws when a chart in `LOGGING_CHARTS` refuses the values.
 */
export async function renderedFiles({ resources }: OfflinePlan): Promise<RenderedFiles> {
  const policy = resources.find(({ type }) => type.startsWith("minio:") && type.endsWith(":IamPolicy"));
  const releases = releasesOf(resources);
  const files: Record<string, string> = {
    "resources.json": `${JSON.stringify(resources, null, 2)}\n`,
    "config.alloy": readFileSync(ALLOY_PIPELINE, "utf8"),
    ...Object.fromEntries(releases.map(({ name, values }) => [`${name}.values.yaml`, writeYaml(values)])),
    ...(policy && { "minio-policy.json": `${JSON.stringify(JSON.parse(String(policy.inputs.policy)), null, 2)}\n` }),
  };
  const missing = helmMissing();
  if (missing) return { files, notes: [`no manifests: ${missing}`] };
  const notes: string[] = [];
  for (const release of releases) {
    try {
      for (const manifest of await helmTemplate(release)) {
        const path = `manifests/${release.name}/${manifest.kind.toLowerCase()}-${manifest.metadata.name}.yaml`;
        files[path] = writeYaml(manifest);
      }
    } catch (error) {
      // A local chart that refuses our values is an error. A repository that does not answer is not: the other files are complete.
      if (process.env.LOGGING_CHARTS) throw error;
      notes.push(`no manifests of ${release.name}: ${(error as Error).message}`);
    }
  }
  return { files, notes };
}
