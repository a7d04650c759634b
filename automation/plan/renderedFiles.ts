import { withoutHelmEscapes } from "../../components/alloy/values.ts";
import { argsSchema } from "../../components/args.ts";
import type { Finding } from "../../components/findings.ts";
import { dashboardFiles } from "../../components/grafana/dashboards/all.ts";
import { dashboardFacts } from "../../components/grafana/dashboards/facts.ts";
import { DASHBOARD_NAMES, dashboardFile } from "../../components/grafana/dashboards/names.ts";
import type { Fields } from "../../components/helm/manifest.ts";
import { ALLOY_RELEASE } from "../../components/releaseNames.ts";
import { checkPromises } from "../promises/checkPromises.ts";
import { componentInputs } from "../promises/hatches.ts";
import { writeYaml } from "../yaml/kubernetesYaml.ts";
import { helmMissing } from "./helmTemplate.ts";
import type { OfflinePlan, PlannedResource } from "./offlinePlan.ts";
import { releasesOf } from "./releases.ts";
import type { StackFile } from "./stackFiles.ts";

/** Files by their path, what could not be rendered, and promises of the stack that it breaks. */
export interface RenderedFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly broken: readonly Finding[];
}

/**
 * Everything that a stack would send, as files: its resources, both releases' values and objects, Alloy's config, the bucket's policy,
 * and the dashboards for a Grafana elsewhere.
 * Without helm, or without a chart, there are notes instead of objects, and the promises are not checked.
 *
 * @throws when a chart in `LOGGING_CHARTS` refuses the stack's own values.
 */
export async function renderedFiles(file: StackFile, { resources, warnings }: OfflinePlan): Promise<RenderedFiles> {
  const policy = resources.find(({ type }) => type.startsWith("minio:") && type.endsWith(":IamPolicy"));
  const releases = releasesOf(resources);
  const files: Record<string, string> = {
    "resources.json": `${JSON.stringify(resources, null, 2)}\n`,
    "config.alloy": withoutHelmEscapes(pipelineOf(releases)),
    ...Object.fromEntries(releases.map(({ name, values }) => [`${name}.values.yaml`, writeYaml(values)])),
    ...(policy && { "minio-policy.json": `${JSON.stringify(JSON.parse(String(policy.inputs.policy)), null, 2)}\n` }),
    ...dashboards(resources),
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

/** The dashboards, for a Grafana that does not run in the cluster: Azure Managed Grafana. */
function dashboards(resources: readonly PlannedResource[]): Record<string, string> {
  const { cluster, namespace, monitoring } = argsSchema
    .pick({ cluster: true, namespace: true, monitoring: true })
    .parse(dashboardInputs(resources));
  const files = dashboardFiles(dashboardFacts({ cluster, namespace, monitoring }));
  return Object.fromEntries(DASHBOARD_NAMES.map((name) => [`dashboards/${dashboardFile(name)}`, files[name]]));
}

function dashboardInputs(resources: readonly PlannedResource[]): object {
  const { cluster, namespace, monitoring } = componentInputs(resources);
  return { cluster, namespace, monitoring };
}

/** Alloy's config among the values of the releases. */
function pipelineOf(releases: ReturnType<typeof releasesOf>): string {
  const values = releases.find(({ name }) => name === ALLOY_RELEASE)?.values as Fields;
  return values?.alloy?.configMap?.content ?? "";
}
