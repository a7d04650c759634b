import type { Inputs } from "@pulumi/pulumi";
import { z } from "zod";
import { alloyArgs, checkAlloy } from "./alloy/args.ts";
import { checkCanaryLines } from "./alloy/canaryLines.ts";
import { ALLOY_CHART } from "./alloy/chart.ts";
import { eventsWorkloads } from "./alloy/events/args.ts";
import { agentRequests } from "./alloy/requests.ts";
import { secretInput } from "./argumentTypes.ts";
import { checkSafeguards, clusterArgs } from "./cluster/args.ts";
import { admitted } from "./cluster/safeguards.ts";
import { Findings, InvalidArgumentsError } from "./findings.ts";
import { checkMaxLines, grafanaArgs } from "./grafana/args.ts";
import { chartSource } from "./helm/chartSource.ts";
import { isMap, mergeValues, type Values } from "./helm/mergeValues.ts";
import { promisesGivenUpArg, warnOfGivenUp } from "./helm/promises/args.ts";
import { imagesArgs } from "./images/args.ts";
import { checkHosts, checkLoki, lokiArgs } from "./loki/args.ts";
import { LOKI_CHART } from "./loki/chart.ts";
import { lokiWorkloads } from "./loki/workloads.ts";
import { checkMonitoring, monitoringArgs } from "./monitoring/args.ts";
import { namespaceArg } from "./namespace/args.ts";
import { checkNetwork, networkArgs } from "./network/args.ts";
import { nodePoolArgs } from "./nodePool/args.ts";
import { type CapacityReport, checkCapacity, formatCapacity } from "./nodePool/capacity.ts";
import { checkNodePool } from "./nodePool/checks.ts";
import { placementOf, poolSize } from "./nodePool/placement.ts";
import { checkCidrs, checkObjectStorage, objectStorageArgs, withAddress } from "./objectStorage/args.ts";
import type { CaCertificate } from "./objectStorage/caCertificate.ts";
import { profileArg } from "./profile/args.ts";
import { profile } from "./profile/profiles.ts";
import { GATEWAY_SERVICE } from "./releaseNames.ts";
import { parseArguments, unwrapped } from "./shapeFindings.ts";
import { checkStray } from "./strayCharacters.ts";

/** Every argument of the component. A stack file has the same keys, with the same meaning. */
export const argsSchema = z.strictObject({
  /** The application cluster that the platform is for. */
  cluster: clusterArgs,
  /**
   * The nodes that Loki runs on: a pool that the stack creates, a pool that exists, or wherever there is room.
   * https://learn.microsoft.com/azure/aks/create-node-pools
   */
  nodePool: nodePoolArgs,
  /** The shared MinIO, and this cluster's bucket and user on it. https://min.io/docs/minio/linux/index.html */
  objectStorage: objectStorageArgs,
  /**
   * The Kubernetes namespace of everything in the cluster.
   * @default "logging"
   */
  namespace: namespaceArg,
  /**
   * Replicas, requests, disks, caches and limits for a common load, computed from measured figures (`docs/sizing.md`). Values in `loki`
   * and `alloy` override it. Write disks cannot be changed in place, so choose it before the first deploy.
   * @default - the defaults of `loki` and `alloy`
   */
  profile: profileArg,
  /** Which connections are allowed. All others are refused. https://learn.microsoft.com/azure/aks/use-network-policies */
  network: networkArgs.prefault({}),
  /** Where container images come from. */
  images: imagesArgs.prefault({}),
  /** The log backend, Grafana Loki, SimpleScalable. https://grafana.com/docs/loki/latest/ */
  loki: lokiArgs.prefault({}),
  /** The log agent on every node, Grafana Alloy. https://grafana.com/docs/alloy/latest/ */
  alloy: alloyArgs.prefault({}),
  /** What Grafana gets, where it runs in the same cluster. https://grafana.com/docs/grafana/latest/ */
  grafana: grafanaArgs.prefault({}),
  /**
   * Promises that `loki.values` and `alloy.values` may break. Every preview and every change report names them.
   * `docs/escape-hatches.md` lists what each one means.
   * @default []
   */
  promisesGivenUp: promisesGivenUpArg,
  /**
   * Who is alerted, and how: metrics and alerts for Prometheus. `docs/runbooks.md` explains each alert.
   * @default { kind: "none" }
   */
  monitoring: monitoringArgs.prefault({ kind: "none" }),
});

/** Arguments of one cluster's log platform. */
export type LoggingStackArgs = z.input<typeof argsSchema>;

/** The arguments without the secrets. The component shows these in the state and to policies. */
export const withoutSecrets = (args: LoggingStackArgs): Inputs => publicPart(argsSchema, args) as Inputs;

/** A value without the parts that its schema marks as secret. */
function publicPart(schema: unknown, value: unknown): unknown {
  const group = unwrapped(schema, value);
  if (!(group instanceof z.ZodObject) || !isMap(value)) return value;
  const shown = Object.entries(value).filter(([key, part]) => unwrapped(group.shape[key], part) !== secretInput);
  return Object.fromEntries(shown.map(([key, part]) => [key, publicPart(group.shape[key], part)]));
}

type ParsedArgs = z.output<typeof argsSchema>;

/** The arguments with every default filled in and every derived value added. */
export type ResolvedArgs = ReturnType<typeof derive>;

/**
 * Checks the arguments and fills in the defaults. Pure, except that it reads the CA file.
 *
 * @throws {InvalidArgumentsError} with every problem found.
 */
export function resolveArgs(args: LoggingStackArgs): ResolvedArgs {
  const findings = new Findings();
  const resolved = checkArgs(args, findings);
  if (!resolved) throw new InvalidArgumentsError(`Arguments of ${args.cluster?.name}`, findings.problems);
  return resolved;
}

/** Like `resolveArgs`, but adds to the caller's findings, and returns `undefined` if there is a problem among them. */
export function checkArgs(args: object, findings: Findings): ResolvedArgs | undefined {
  checkStray(publicPart(argsSchema, args), "", findings);
  const { value, findings: shape } = parseArguments(argsSchema, withProfile(args));
  // If the caller has refused a whole group, the group is not reported as missing too.
  for (const finding of shape) findings.within(finding.subject, () => findings.problem(finding));
  const ca = checkGroups(value, findings);
  const capacity = checkCapacityOf(value, findings);
  return findings.problems.length > 0 ? undefined : derive(value, ca, capacity, findings.warnings);
}

/** Fills in the profile's values where the arguments have none. */
function withProfile(args: object): object {
  const { profile: name, loki = {}, alloy = {} } = args as Values;
  const { data } = profileArg.safeParse(name);
  if (!data || !isMap(loki) || !isMap(alloy)) return args;
  const defaults = profile(data);
  return { ...args, loki: mergeValues(defaults.loki, loki), alloy: mergeValues(defaults.alloy, alloy) };
}

function checkGroups(args: ParsedArgs, findings: Findings): CaCertificate | undefined {
  let ca: CaCertificate | undefined;
  findings.when(["cluster.safeguards", "cluster.resourceId", "namespace"], () =>
    checkSafeguards(args.cluster, args.namespace, findings),
  );
  findings.within("nodePool", () => checkNodePool(args.nodePool, args.cluster, findings));
  findings.within("objectStorage", () => {
    ca = checkObjectStorage(args.objectStorage, args.cluster?.name, findings);
    checkCidrs(args.objectStorage, args.network, findings);
  });
  findings.within("network", () => checkNetwork(args.network, args.objectStorage, findings));
  findings.when(["promisesGivenUp"], () => warnOfGivenUp(args.promisesGivenUp, findings));
  findings.within("loki", () => checkLoki(args.loki, args.promisesGivenUp, findings));
  findings.within("alloy", () => checkAlloy(args.alloy, args.promisesGivenUp, findings));
  findings.when(["loki.canary", "namespace"], () => {
    if (args.loki.canary) checkCanaryLines(args.alloy, args.namespace, findings);
  });
  findings.when(["grafana.dataSource", "loki.queries.maxEntries"], () =>
    checkMaxLines(args.grafana?.dataSource?.maxLines, args.loki.queries.maxEntries, findings),
  );
  findings.within("monitoring", () => checkMonitoring(args.monitoring, args.cluster, findings));
  return ca;
}

const SIZE_OF_POOL = ["mode", "vmSize", "vmCapacity", "maxCount", "maxPods", "capacity"].map(
  (key) => `nodePool.${key}`,
);
const PODS = ["write", "read", "backend", "gateway", "caches"].map((key) => `loki.${key}`);

/** Checks that every pod fits on a node. Returns `undefined` if the pool's size is unknown or has a problem. */
function checkCapacityOf(
  { cluster, nodePool, loki, alloy, ...args }: ParsedArgs,
  findings: Findings,
): CapacityReport | undefined {
  let report: CapacityReport | undefined;
  findings.when(SIZE_OF_POOL, () => {
    const size = poolSize(nodePool);
    if (!size) return;
    const pool = nodePool.mode === "create" ? "nodePool" : "nodePool.capacity";
    findings.within("loki", () => checkHosts(loki, size, `${pool}.maxCount`, findings));
    findings.when(
      [...PODS, "alloy.resources", "alloy.events", "alloy.journal", "profile", "cluster.safeguards"],
      () => {
        const asAdmitted = admitted(cluster.safeguards);
        const workloads = [...lokiWorkloads(loki, asAdmitted), ...eventsWorkloads(alloy.events, asAdmitted)];
        report = checkCapacity(
          size,
          agentRequests(alloy.resources, asAdmitted, alloy.journal.units.length > 0),
          workloads,
        );
        findings.check(report.fits, {
          subject: pool,
          text: `room for all of Loki's pods on the pool at its largest; these may not fit: ${report.unplaced.join(", ")}\n${formatCapacity(report)}`,
          fix: roomFix(args.profile),
        });
      },
    );
  });
  return report;
}

function roomFix(name: ParsedArgs["profile"]): string {
  if (!name) return "raise maxCount, choose a larger vmSize, or lower replicas, requests or caches";
  const { pool } = profile(name);
  return `make the pool ${pool.maxCount} × ${pool.vmSize}, as the profile ${name} needs, or lower replicas, requests or caches`;
}

function derive(
  args: ParsedArgs,
  ca: CaCertificate | undefined,
  capacity: CapacityReport | undefined,
  warnings: readonly string[],
) {
  /** Base address of the gateway inside the cluster, for queries. */
  const queryUrl = `http://${GATEWAY_SERVICE}.${args.namespace}.svc.cluster.local`;
  const readers = [...args.network.readerNamespaces, args.grafana.dataSource?.namespace ?? []].flat();
  return {
    ...args,
    network: { ...args.network, readerNamespaces: [...new Set(readers)] },
    nodePool: placementOf(args.nodePool, args.cluster),
    objectStorage: withAddress(args.objectStorage, args.cluster.name, ca),
    loki: { ...args.loki, chart: chartSource(LOKI_CHART, args.loki.chart) },
    alloy: { ...args.alloy, chart: chartSource(ALLOY_CHART, args.alloy.chart) },
    queryUrl,
    /** Where Alloy pushes to. */
    pushUrl: `${queryUrl}/loki/api/v1/push`,
    otlpUrl: `${queryUrl}/otlp`,
    /** Absent if the pool's size is unknown. */
    ...(capacity && { capacity }),
    /** Settings that are allowed but deserve a warning. */
    warnings,
  };
}
