// npm start: what every stack of the project would create, offline.
import { styleText } from "node:util";
import { stringify } from "yaml";
import type { ResourcesArgs } from "../../components/loggingStackArgs.ts";
import { formatCapacity } from "../../components/nodePool/capacity.ts";
import { formatProfiles } from "../../components/profile/profiles.ts";
import type { ReleaseInputs } from "../plan/helmTemplate.ts";
import { type OfflinePlan, type PlannedResource, planOffline } from "../plan/offlinePlan.ts";
import { RELEASE_TYPE } from "../plan/releases.ts";
import { readStackFile, stackNames } from "../plan/stackFiles.ts";
import { readCommandLine } from "./commandLine.ts";
import { isExpected, reportAndExit } from "./reportAndExit.ts";

const USAGE = `usage: npm start -- [stack...] [--values]\nstacks: ${stackNames().join(", ")}`;

try {
  const { values: options, positionals } = readCommandLine(USAGE, { values: { type: "boolean", default: false } });
  const refusals: string[] = [];
  for (const stack of positionals.length > 0 ? positionals : stackNames()) {
    try {
      print(await planOffline(readStackFile(stack)), options.values);
    } catch (error) {
      // The other stacks are shown all the same, and all that is wrong comes together at the end.
      if (!isExpected(error)) throw error;
      refusals.push(error.message);
    }
  }
  if (refusals.length > 0) throw new Error(refusals.join("\n\n"));
  section("Profiles, by measured figures: docs/sizing.md");
  console.log(`${indented(formatProfiles())}\n`);
  console.log(
    dim("Offline: no engine, cluster or cloud was asked. Against the real ones: pulumi preview --stack <stack>."),
  );
} catch (error) {
  reportAndExit(error);
}

function print(plan: OfflinePlan, allValues: boolean): void {
  heading(`${plan.stack}: ${plan.resources.length} resources`);
  for (const line of tree(plan.resources)) console.log(line);
  for (const release of plan.resources.filter((r) => r.type === RELEASE_TYPE)) printRelease(release, allValues);
  if (plan.capacity) {
    section("Capacity of the logging nodes at their largest");
    console.log(indented(formatCapacity(plan.capacity)));
  }
  section("Outputs");
  console.log(indented(stringify(plan.outputs, { lineWidth: 120 }).trimEnd()));
  for (const warning of plan.warnings) console.log(styleText("yellow", `warning: ${warning}`));
  console.log();
}

/** Resources below their parents, with what a reader of a preview must not miss. */
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
    const line = `${prefix}${last ? "└─" : "├─"} ${r.name}  ${dim(r.type)}${notes.length > 0 ? `  (${notes.join("; ")})` : ""}`;
    return [line, ...tree(resources, `${r.type}::${r.name}`, `${prefix}${last ? "   " : "│  "}`)];
  });
}

function printRelease(release: PlannedResource, allValues: boolean): void {
  const { name, namespace, chart, version, timeout, repositoryOpts, values } =
    release.inputs as unknown as ReleaseInputs;
  section(`Helm release ${name}`);
  console.log(
    `  chart ${chart} ${version} from ${repositoryOpts?.repo ?? chart}, into ${namespace}, waits up to ${timeout} s for its pods`,
  );
  const shown = allValues ? values : summary(name, values);
  console.log(indented(stringify(shown, { lineWidth: 0 }).trimEnd()));
}

/** The values that people ask for first. All of them: `--values`, or `npm run render`. */
function summary(release: string, values: Record<string, unknown>): Record<string, unknown> {
  const get = (path: string): unknown =>
    path.split(".").reduce<unknown>((v, key) => (v as Record<string, unknown> | undefined)?.[key], values);
  if (release === "alloy") {
    const environment = get("alloy.extraEnv") as Array<{ name: string; value: string }>;
    return {
      pipeline: "components/alloy/pod-logs.alloy",
      environment: Object.fromEntries(environment.map(({ name, value }) => [name, value])),
      resources: resourcesText(get("alloy.resources")),
      rollout: `${get("controller.updateStrategy.rollingUpdate.maxUnavailable")} of the nodes at once`,
    };
  }
  const component = (key: string): string => {
    const disk = get(`${key}.persistence.size`);
    const on = disk === undefined ? "" : `; ${disk} ${get(`${key}.persistence.storageClass`)} each`;
    return `${get(`${key}.replicas`)} pods of ${resourcesText(get(`${key}.resources`))}${on}`;
  };
  const limit = (key: string): unknown => get(`loki.limits_config.${key}`);
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

function resourcesText(resources: unknown): string {
  const { requests, limits } = resources as ResourcesArgs;
  const most = limits.cpu === undefined ? limits.memory : `${limits.cpu} CPU / ${limits.memory}`;
  return `${requests.cpu} CPU / ${requests.memory} requested, ${most} at most`;
}

function heading(text: string): void {
  console.log(styleText("bold", text));
}

function section(text: string): void {
  console.log(`\n  ${styleText("underline", text)}`);
}

function dim(text: string): string {
  return styleText("dim", text);
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}
