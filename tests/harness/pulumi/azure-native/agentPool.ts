// How the real provider and the AKS service react to an agent pool: pure functions of its inputs.
// https://learn.microsoft.com/rest/api/aks/agent-pools/create-or-update

import { isDeepStrictEqual } from "node:util";
import { AzureError, type Kind, type Properties } from "./kind.ts";
import { argsType, type Failure, misfits, UNKNOWN } from "./sdkTypes.ts";

const API_VERSION = "2025-09-01";

type Rule = (value: never) => string | undefined;

const within =
  (least: number, most: number): Rule =>
  (value: unknown) =>
    typeof value !== "number" || (Number.isInteger(value) && value >= least && value <= most)
      ? undefined
      : `must be a whole number from ${least} to ${most}`;

const like =
  (pattern: RegExp): Rule =>
  (value: unknown) =>
    typeof value !== "string" || pattern.test(value) ? undefined : `must match ${pattern.source}`;

const SUBNET =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i;
const SURGE = /^(\d+|\d{1,2}%|100%)$/;

const RULES: Readonly<Record<string, Rule>> = {
  agentPoolName: like(/^[a-z][a-z0-9]{0,11}$/),
  vmSize: like(/^Standard_/),
  maxPods: within(10, 250),
  count: within(0, 1000),
  minCount: within(0, 1000),
  maxCount: within(0, 1000),
  osDiskSizeGB: within(0, 2048),
  vnetSubnetID: like(SUBNET),
  podSubnetID: like(SUBNET),
  "upgradeSettings.maxSurge": like(SURGE),
  "upgradeSettings.maxUnavailable": like(SURGE),
  "upgradeSettings.drainTimeoutInMinutes": within(1, 1440),
  "upgradeSettings.nodeSoakDurationInMinutes": within(0, 30),
  "kubeletConfig.containerLogMaxFiles": within(2, Number.MAX_SAFE_INTEGER),
  "kubeletConfig.containerLogMaxSizeMB": within(1, Number.MAX_SAFE_INTEGER),
};

/** All problems of the inputs. Values that a preview does not know yet count as valid. */
function check(inputs: Properties): Failure[] {
  const { azureApiVersion: _, ...args } = inputs;
  return [
    ...misfits(args, argsType("containerservice/agentPool.d.ts", "AgentPoolArgs")),
    // The real provider generates a name from the resource's name and 8 random characters. Most such names break the pattern.
    ...(args.agentPoolName == null ? [failure("agentPoolName", "missing required property 'agentPoolName'")] : []),
    ...Object.entries(RULES).flatMap(([path, rule]) => {
      const value = path.split(".").reduce<unknown>((held, key) => (held as Properties | undefined)?.[key], args);
      const complaint = value === UNKNOWN ? undefined : rule(value as never);
      return complaint ? [failure(path, `'${path}' ${complaint}, is ${JSON.stringify(value)}`)] : [];
    }),
    ...scaling(args),
    ...combinations(args),
    ...labels(args),
    ...taints(args),
    ...tags(args),
  ];
}

const failure = (property: string, reason: string): Failure => ({ property, reason });

function scaling({ enableAutoScaling, count, minCount, maxCount }: Properties): Failure[] {
  if (enableAutoScaling !== true) return [];
  const failures = Object.entries({ minCount, maxCount })
    .filter(([, value]) => value == null)
    .map(([key]) => failure(key, `'${key}' is required when enableAutoScaling is true`));
  const above = (low: unknown, high: unknown) => typeof low === "number" && typeof high === "number" && low > high;
  if (above(minCount, maxCount))
    failures.push(failure("minCount", `'minCount' ${minCount} is above maxCount ${maxCount}`));
  if (above(minCount, count)) failures.push(failure("count", `'count' ${count} is below minCount ${minCount}`));
  if (above(count, maxCount)) failures.push(failure("count", `'count' ${count} is above maxCount ${maxCount}`));
  return failures;
}

function combinations({
  mode,
  osType,
  agentPoolName,
  count,
  maxPods,
  scaleSetPriority,
  availabilityZones,
  type,
}: Properties): Failure[] {
  const failures: Failure[] = [];
  if (osType === "Windows" && typeof agentPoolName === "string" && agentPoolName.length > 6) {
    failures.push(failure("agentPoolName", "'agentPoolName' of a Windows pool may have at most 6 characters"));
  }
  if (mode === "System") {
    if (osType === "Windows") failures.push(failure("osType", "'osType' of a System pool must be Linux"));
    if (count === 0) failures.push(failure("count", "'count' of a System pool must be at least 1"));
    if (typeof maxPods === "number" && maxPods < 30)
      failures.push(failure("maxPods", "'maxPods' of a System pool must be at least 30"));
    if (scaleSetPriority === "Spot")
      failures.push(failure("scaleSetPriority", "'scaleSetPriority' of a System pool must be Regular"));
  }
  if (Array.isArray(availabilityZones)) {
    if (type === "AvailabilitySet")
      failures.push(failure("availabilityZones", "'availabilityZones' needs type VirtualMachineScaleSets"));
    for (const [i, zone] of availabilityZones.entries()) {
      if (typeof zone === "string" && zone !== UNKNOWN && !/^[1-9]$/.test(zone)) {
        failures.push(
          failure(`availabilityZones[${i}]`, `'availabilityZones[${i}]' must be the number of a zone, is "${zone}"`),
        );
      }
    }
  }
  return failures;
}

const LABEL_PART = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const RESERVED = ["kubernetes.azure.com", "kubernetes.io"];

function keyComplaint(key: string, { scaleSetPriority }: Properties): string | undefined {
  const [name = "", prefix, ...more] = key.split("/").reverse();
  if (more.length > 0 || !LABEL_PART.test(name) || (prefix !== undefined && !DNS_NAME.test(prefix)))
    return "is not a Kubernetes label key";
  // AKS adds this taint to every spot pool, and accepts it from the owner as well.
  if (key === "kubernetes.azure.com/scalesetpriority" && scaleSetPriority === "Spot") return undefined;
  return prefix !== undefined && RESERVED.includes(prefix)
    ? `uses the prefix ${prefix}/, which AKS reserves`
    : undefined;
}

const isLabelValue = (value: string) => value === "" || LABEL_PART.test(value);

function labels(args: Properties): Failure[] {
  return entries(args.nodeLabels).flatMap(([key, value]) => {
    const property = `nodeLabels["${key}"]`;
    const complaint =
      keyComplaint(key, args) ??
      (isLabelValue(value) ? undefined : `has the value "${value}", which is not a Kubernetes label value`);
    return complaint ? [failure(property, `'${property}' ${complaint}`)] : [];
  });
}

function taints(args: Properties): Failure[] {
  if (!Array.isArray(args.nodeTaints)) return [];
  return args.nodeTaints.flatMap((taint: unknown, i) => {
    if (typeof taint !== "string" || taint === UNKNOWN) return [];
    const [, key, value] = /^([^=:]+)=([^=:]*):(?:NoSchedule|PreferNoSchedule|NoExecute)$/.exec(taint) ?? [];
    const isTaint = key !== undefined && value !== undefined && isLabelValue(value);
    const complaint = isTaint
      ? keyComplaint(key, args)
      : "must be key=value:Effect with NoSchedule, PreferNoSchedule or NoExecute";
    return complaint ? [failure(`nodeTaints[${i}]`, `'nodeTaints[${i}]' ${complaint}, is "${taint}"`)] : [];
  });
}

function tags(args: Properties): Failure[] {
  const all = entries(args.tags);
  const tooMany = all.length > 50 ? [failure("tags", `'tags' may hold at most 50, holds ${all.length}`)] : [];
  return tooMany.concat(
    all.flatMap(([key, value]) => {
      const isName =
        key.length >= 1 && key.length <= 512 && !/[<>%&\\?/]/.test(key) && !/^(azure|microsoft|windows)/i.test(key);
      const complaint = !isName
        ? "is not a valid tag name"
        : value.length > 256
          ? "has a value of more than 256 characters"
          : undefined;
      return complaint ? [failure(`tags["${key}"]`, `'tags["${key}"]' ${complaint}`)] : [];
    }),
  );
}

function entries(map: unknown): [string, string][] {
  if (typeof map !== "object" || map === null || Array.isArray(map)) return [];
  return Object.entries(map).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== UNKNOWN,
  );
}

/** The service refuses a change of these, although the provider sends it as an update in place. */
const IMMUTABLE = [
  "maxPods",
  "availabilityZones",
  "osDiskSizeGB",
  "osDiskType",
  "vnetSubnetID",
  "podSubnetID",
  "kubeletConfig",
  "osType",
  "enableEncryptionAtHost",
  "scaleSetPriority",
];

/** The service's answer to `news` for a pool that does not exist yet, or exists as `olds`. */
function refusal(olds: Properties | undefined, news: Properties): AzureError | undefined {
  const immutable = olds && IMMUTABLE.find((key) => !isDeepStrictEqual(olds[key], news[key]));
  if (immutable)
    return new AzureError("PropertyChangeNotAllowed", `Changing property 'properties.${immutable}' is not allowed.`);
  if (news.enableAutoScaling === true && news.count === undefined) {
    return new AzureError("InvalidParameter", "Required parameter properties.count is missing (null).");
  }
  return undefined;
}

/** The pool as the service returns it. A preview does not know the service's own properties; `name` is UNKNOWN for a new pool. */
function outputs(inputs: Properties, name: unknown, isPreview = false): Properties {
  // The answer does not contain the path of the request.
  const { resourceGroupName: _group, resourceName: _cluster, agentPoolName: _name, ...body } = inputs;
  const ofService = {
    type: "Microsoft.ContainerService/managedClusters/agentPools",
    provisioningState: "Succeeded",
    currentOrchestratorVersion: "1.34.2",
    nodeImageVersion: "AKSAzureLinux-V3gen2-202511.07.0",
    ...(body.powerState === undefined && { powerState: { code: "Running" } }),
  };
  return {
    ...body,
    ...(isPreview ? Object.fromEntries(Object.keys(ofService).map((key) => [key, UNKNOWN])) : ofService),
    name,
    azureApiVersion: API_VERSION,
  };
}

function poolId(subscriptionId: string, { resourceGroupName, resourceName, agentPoolName }: Properties): string {
  return `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroupName}/providers/Microsoft.ContainerService/managedClusters/${resourceName}/agentPools/${agentPoolName}`;
}

export const agentPool: Kind = {
  apiVersion: API_VERSION,
  check,
  replacing: ["resourceGroupName", "resourceName", "agentPoolName", "vmSize", "gpuInstanceProfile"],
  refusal,
  outputs,
  nameOf: ({ agentPoolName }) => agentPoolName,
  idOf: poolId,
};
