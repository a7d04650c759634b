import { styleText } from "node:util";
import { TENANT } from "../../components/loki/effectiveConfig.ts";
import { formatCapacity } from "../../components/nodePool/capacity.ts";
import { writeYaml } from "../yaml/kubernetesYaml.ts";
import type { ReleaseInputs } from "./helmTemplate.ts";
import type { OfflinePlan, PlannedResource } from "./offlinePlan.ts";
import { releasesOf } from "./releases.ts";

/**
 * An offline plan for a terminal: resources, releases, capacity, outputs and warnings.
 *
 * @param allValues Shows every value of the releases instead of a summary.
 */
export function planText({ stack, resources, capacity, outputs, warnings }: OfflinePlan, allValues: boolean): string {
  return [
    styleText("bold", `${stack}: ${resources.length} resources`),
    ...tree(resources),
    ...releasesOf(resources).flatMap((release) => releaseLines(release, allValues)),
    ...(capacity
      ? [section("Capacity of the logging nodes at their largest"), indented(formatCapacity(capacity))]
      : []),
    section("Outputs"),
    indented(writeYaml(outputs).trimEnd()),
    ...warnings.map((warning) => styleText("yellow", `warning: ${warning}`)),
    "",
  ].join("\n");
}

/** Resources below their parents, with notes that a reader must not miss. */
function tree(resources: readonly PlannedResource[], parent?: string, prefix = "  "): string[] {
  const children = resources.filter(
    (r) => r.parent === parent || (parent === undefined && r.parent?.startsWith("pulumi:pulumi:Stack")),
  );
  return children.flatMap((r, i) => {
    const last = i === children.length - 1;
    const notes = [
      r.protect && "protected",
      r.ignoreChanges.length > 0 && `${r.ignoreChanges.join(", ")} left to Azure`,
    ].filter(Boolean);
    const type = styleText("dim", r.type);
    const line = `${prefix}${last ? "└─" : "├─"} ${r.name}  ${type}${notes.length > 0 ? `  (${notes.join("; ")})` : ""}`;
    return [line, ...tree(resources, `${r.type}::${r.name}`, `${prefix}${last ? "   " : "│  "}`)];
  });
}

function releaseLines(release: ReleaseInputs, allValues: boolean): string[] {
  const { name, namespace, chart, version, timeout, repositoryOpts, values } = release;
  const source = repositoryOpts?.repo ?? chart;
  return [
    section(`Helm release ${name}`),
    `  chart ${chart} ${version} from ${source}, into ${namespace}, waits up to ${timeout} s for its pods`,
    indented(writeYaml(allValues ? values : summary(name, values)).trimEnd()),
  ];
}

type Values = ReleaseInputs["values"];

/** The values that people ask for first. */
const summary = (release: string, values: Values): Values =>
  release === "alloy" ? alloySummary(values) : lokiSummary(values);

const valueAt = (values: Values, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (value as Values | undefined)?.[key], values);

function alloySummary(values: Values): Values {
  const environment = valueAt(values, "alloy.extraEnv") as Array<{ name: string; value: string }>;
  return {
    pipeline: "components/alloy/pod-logs.alloy",
    environment: Object.fromEntries(environment.map(({ name, value }) => [name, value])),
    resources: resourcesText(valueAt(values, "alloy.resources")),
    rollout: `${valueAt(values, "controller.updateStrategy.rollingUpdate.maxUnavailable")} of the nodes at once`,
  };
}

function lokiSummary(values: Values): Values {
  const get = (path: string): unknown => valueAt(values, path);
  const limit = (key: string): unknown => get(`loki.runtimeConfig.overrides.${TENANT}.${key}`);
  const component = (key: string): string => {
    const disk = get(`${key}.persistence.size`);
    const disks = disk === undefined ? "" : `; ${disk} ${get(`${key}.persistence.storageClass`)} each`;
    return `${get(`${key}.replicas`)} pods of ${resourcesText(get(`${key}.resources`))}${disks}`;
  };
  return {
    ...Object.fromEntries(["write", "read", "backend", "gateway"].map((key) => [key, component(key)])),
    caches: `chunks ${get("chunksCache.allocatedMemory") ?? 0} MiB, results ${get("resultsCache.allocatedMemory") ?? 0} MiB`,
    bucket: `${get("loki.storage.bucketNames.chunks")} at ${get("loki.storage.s3.endpoint")}`,
    retention: limit("retention_period"),
    ingestion: `${limit("ingestion_rate_mb")} MB/s, burst ${limit("ingestion_burst_size_mb")} MB (limits, not a capacity)`,
    schema: (get("loki.schemaConfig.configs") as Array<{ from: string; schema: string }>)
      .map(({ from, schema }) => `${schema} from ${from}`)
      .join(", "),
  };
}

/** Requests and limits of a container. */
interface Resources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu?: string; readonly memory: string };
}

function resourcesText(resources: unknown): string {
  const { requests, limits } = resources as Resources;
  const most = limits.cpu === undefined ? limits.memory : `${limits.cpu} CPU / ${limits.memory}`;
  return `${requests.cpu} CPU / ${requests.memory} requested, ${most} at most`;
}

const section = (title: string): string => `\n  ${styleText("underline", title)}`;

const indented = (text: string): string => text.replace(/^/gm, "  ");
