import type { ResolvedArgs } from "../args.ts";
import { OFFERED_PATHS, withOwnSnippets } from "../gateway/offeredPaths.ts";
import { generationAnnotation } from "../gateway/password.ts";
import { isMap, mergeValues, type Values } from "../helm/mergeValues.ts";
import { LOKI_RELEASE } from "../releaseNames.ts";
import { canaryValues } from "./canary.ts";
import { lokiConfig } from "./config.ts";
import { TENANT } from "./effectiveConfig.ts";
import { CA_MOUNT, type LokiReferences } from "./references.ts";
import { CACHE_CPU, EXPORTER_RESOURCES } from "./workloads.ts";

/** Values of the Loki chart. https://github.com/grafana-community/helm-charts/tree/main/charts/loki */
export function lokiValues(args: ResolvedArgs, refs: LokiReferences): Values {
  const { loki, nodePool, images } = args;
  const placement = { nodeSelector: nodePool.nodeSelector, tolerations: nodePool.tolerations };
  const own: Values = {
    deploymentMode: "SimpleScalable",
    ...(images.registry && { global: { imageRegistry: images.registry } }),
    ...(refs.pullSecrets.length > 0 && { imagePullSecrets: refs.pullSecrets.map((name) => ({ name })) }),
    // Reaches write, read and backend. `global.extraEnvFrom` would hand MinIO's keys to memcached as well.
    defaults: {
      ...placement,
      extraEnvFrom: [{ secretRef: { name: refs.credentialsSecret } }],
      ...(refs.caConfigMap && {
        extraVolumes: [{ name: "minio-ca", configMap: { name: refs.caConfigMap } }],
        extraVolumeMounts: [{ name: "minio-ca", mountPath: CA_MOUNT, readOnly: true }],
      }),
      // With the rules sidecar off, no part of Loki calls the Kubernetes API.
      automountServiceAccountToken: false,
    },
    serviceAccount: { automountServiceAccountToken: false },
    // Otherwise the chart makes a ClusterRole without rules.
    rbac: { namespaced: true },
    loki: lokiConfig(args, refs),
    // Peers find each other before they are ready. Otherwise a first start waits, and fails where joining is required.
    memberlist: { service: { publishNotReadyAddresses: true } },
    ...components(args),
    gateway: gateway(args, refs, placement),
    // Writers check here whether another writer has stored the same chunk: 390 PUTs per GB with it, 930 without
    // (bench/results/pipeline-compared.md).
    chunksCache: cache(loki.caches.chunksMiB, CACHE_CPU.chunks, placement),
    resultsCache: cache(loki.caches.resultsMiB, CACHE_CPU.results, placement),
    memcachedExporter: { resources: EXPORTER_RESOURCES },
    lokiCanary: loki.canary ? canaryValues(args, refs.readerLoginSecret, placement) : { enabled: false },
    ...LEFT_OUT,
  };
  return overLokiValues(own, loki.values);
}

/** The stack's values with an escape hatch over them. */
export const overLokiValues = (own: Values, hatch: Values): Values =>
  withOwnSnippets(mergeValues(withoutLimits(own, limitsIn(hatch)), hatch));

/** Limits that a hatch has in Loki's config. */
const limitsIn = ({ loki }: Values): string[] => {
  const { limits_config, structuredConfig } = isMap(loki) ? loki : {};
  const sections = [limits_config, isMap(structuredConfig) ? structuredConfig.limits_config : undefined];
  return sections.filter(isMap).flatMap(Object.keys);
};

/** The values without some limits in the runtime config. Loki reads that over its config, so the hatch's would do nothing. */
function withoutLimits(values: Values, limits: readonly string[]): Values {
  const { loki } = values;
  const { overrides } = isMap(loki) && isMap(loki.runtimeConfig) ? loki.runtimeConfig : {};
  if (limits.length === 0 || !isMap(loki) || !isMap(overrides) || !isMap(overrides[TENANT])) return values;
  const kept = Object.entries(overrides[TENANT]).filter(([limit]) => !limits.includes(limit));
  return { ...values, loki: { ...loki, runtimeConfig: { overrides: { [TENANT]: Object.fromEntries(kept) } } } };
}

/** Parts of the chart that the stack leaves out. */
const LEFT_OUT = {
  // On by default in the chart. The release then fails, because there is no bucket for rules.
  ruler: { enabled: false },
  // On by default too. It reads every ConfigMap and Secret of the cluster, for rules that nothing evaluates.
  sidecar: { rules: { enabled: false } },
  // The test pod pushes without the gateway's password, and its image is `latest`.
  test: { enabled: false },
  minio: { enabled: false },
  // The stack has its own NetworkPolicies. The chart's policies have an empty selector that lets everyone reach the gateway.
  networkPolicy: { enabled: false },
};

function components({ loki }: ResolvedArgs): Values {
  const component = (name: "write" | "read" | "backend") => ({
    replicas: loki[name].replicas,
    resources: loki[name].resources,
    topologySpreadConstraints: spreadOverZones(name),
  });
  const disk = (name: "write" | "backend") => ({
    size: `${loki[name].diskSizeGiB}Gi`,
    storageClass: loki.storage.storageClass,
    // By default the chart deletes these disks with the pods. Those of write hold the WAL: lines that MinIO does not have yet. Those of an
    // adopted release's backend may hold a list of chunks to delete from MinIO, which Loki moves there when it starts.
    enableStatefulSetAutoDeletePVC: false,
  });
  return {
    write: { ...component("write"), persistence: disk("write") },
    read: component("read"),
    backend: {
      ...component("backend"),
      // The chart's `true` for this component would override `defaults`.
      automountServiceAccountToken: false,
      persistence: disk("backend"),
    },
  };
}

const gateway = ({ loki }: ResolvedArgs, refs: LokiReferences, placement: Values): Values => ({
  replicas: loki.gateway.replicas,
  resources: loki.gateway.resources,
  ...placement,
  topologySpreadConstraints: spreadOverZones("gateway"),
  // The chart renders a budget only if a number is given.
  podDisruptionBudget: { maxUnavailable: 1 },
  // A surge pod would need one host more than there are gateways. On a full pool the roll-out would never finish.
  deploymentStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
  basicAuth: { enabled: true, existingSecret: refs.gatewaySecret },
  podAnnotations: generationAnnotation(loki.gateway.credentialsGeneration),
  nginxConfig: OFFERED_PATHS,
  // The chart has no liveness probe for nginx, and AKS refuses pods without one where Deployment Safeguards are enforced.
  livenessProbe: { tcpSocket: { port: "http" }, initialDelaySeconds: 30, periodSeconds: 30, timeoutSeconds: 5 },
  // Otherwise Alloy ships a line for each of Alloy's pushes.
  verboseLogging: false,
  metrics: { resources: EXPORTER_RESOURCES },
});

/** Spreads the pods of a component over zones as far as possible. The chart itself keeps them on different hosts. */
const spreadOverZones = (component: string): Values[] => [
  {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: {
      matchLabels: {
        "app.kubernetes.io/name": "loki",
        "app.kubernetes.io/instance": LOKI_RELEASE,
        "app.kubernetes.io/component": component,
      },
    },
  },
];

/** The chart's default chunks cache requests 9.8 GiB. */
const cache = (allocatedMiB: number, cpu: string, placement: Values): Values =>
  allocatedMiB === 0
    ? { enabled: false }
    : { enabled: true, allocatedMemory: allocatedMiB, allocatedCPU: cpu, ...placement };
