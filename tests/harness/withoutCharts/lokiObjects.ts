import { stringify } from "yaml";
import type { Manifest } from "../../../components/helm/manifest.ts";
import { memoryLimit } from "../../../components/quantities.ts";
import type { Loose } from "../manifest.ts";
import { canaryObjects } from "./canaryObjects.ts";
import { type ChartRelease, coalesce, expand, filled, imageOf } from "./chartValues.ts";
import { gatewayConfig } from "./gatewayConfig.ts";
import { lokiConfig, lokiNames } from "./lokiConfig.ts";

const PARTS = ["write", "read", "backend"] as const;
const CACHES = { chunksCache: "chunks-cache", resultsCache: "results-cache" } as const;

/** Port of the gossip between Loki's pods. The chart's Services do not take it from a value. */
const GOSSIP = 7946;

/** Loki's objects from the same values: the chart's objects, without the parts that only a cluster reads. */
export function lokiObjects(release: ChartRelease): Manifest[] {
  const { deploymentMode, gateway, memcached, lokiCanary, test, minio, sidecar } = release.values;
  if (deploymentMode !== "SimpleScalable") throw new Error(`without charts there is no ${deploymentMode}`);
  if (test.enabled || minio.enabled || sidecar.rules.enabled)
    throw new Error("without charts there is no test pod, MinIO of the chart or sidecar");
  const caches = Object.entries(CACHES).filter(([key]) => memcached.enabled && release.values[key].enabled);
  return [
    ...configMaps(release),
    ...PARTS.flatMap((part) => [workload(release, part), ...services(release, part)]),
    discovery(release),
    memberlist(release),
    ...(gateway.enabled ? gatewayObjects(release) : []),
    ...caches.flatMap(([key, part]) => cacheObjects(release, release.values[key], part)),
    ...(lokiCanary.enabled ? canaryObjects(release) : []),
  ];
}

const selector = ({ name }: ChartRelease, component?: string): Record<string, string> => ({
  "app.kubernetes.io/name": "loki",
  "app.kubernetes.io/instance": name,
  ...(component && { "app.kubernetes.io/component": component }),
});

const metadata = ({ namespace }: ChartRelease, name: string) => ({ name, namespace });

const configMap = (release: ChartRelease, name: string, data: Record<string, string>): Manifest => ({
  ...{ apiVersion: "v1", kind: "ConfigMap", metadata: metadata(release, name), data },
});

const configMaps = (release: ChartRelease): Manifest[] => [
  // Quoted, because YAML 1.1 would read some texts as dates or numbers.
  configMap(release, release.name, {
    "config.yaml": stringify(lokiConfig(release), { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" }),
  }),
  configMap(release, `${release.name}-runtime`, {
    "runtime-config.yaml": stringify(release.values.loki.runtimeConfig),
  }),
];

type Part = (typeof PARTS)[number];

/** A list that the chart joins from three places. */
const allOf = ({ values }: ChartRelease, part: Part, list: string): Loose[] => [
  ...values.global[list],
  ...values.defaults[list],
  ...values[part][list],
];

/** A value of the part, else of all parts, else of Loki. */
const settingOf = ({ values }: ChartRelease, part: Part, name: string): Loose =>
  coalesce(values[part][name], values.defaults[name], values.loki[name]);

/** Pods of write, read or backend. */
function workload(release: ChartRelease, part: Part): Manifest {
  const own = release.values[part];
  const claimed = own.persistence?.volumeClaimsEnabled || own.persistence?.enabled;
  const spec = filled({
    securityContext: settingOf(release, part, "podSecurityContext"),
    terminationGracePeriodSeconds: settingOf(release, part, "terminationGracePeriodSeconds"),
    volumes: [
      { name: "temp", emptyDir: {} },
      {
        name: "config",
        configMap: { name: release.name, items: [{ key: "config.yaml", path: "config.yaml" }] },
      },
      { name: "runtime-config", configMap: { name: `${release.name}-runtime` } },
      // Otherwise it is a claim of the StatefulSet: a disk that outlives the pod.
      ...(claimed ? [] : [{ name: "data", emptyDir: {} }]),
      ...allOf(release, part, "extraVolumes"),
    ],
    containers: [lokiContainer(release, part)],
  });
  const labels = { ...selector(release, part), "app.kubernetes.io/part-of": "memberlist" };
  const { templates } = lokiNames(release);
  return pods(release, own.kind, expand(own.fullnameOverride, release, templates), own.replicas, labels, spec);
}

function lokiContainer(release: ChartRelease, part: Part): Loose {
  const { global, defaults, loki, [part]: own } = release.values;
  const command = settingOf(release, part, "command");
  return filled({
    name: part,
    image: imageOf(global.imageRegistry, own.image, loki.image, release.appVersion),
    command: command && [command],
    args: [
      ...["-config.file=/etc/loki/config/config.yaml", "-config.expand-env=true"],
      ...["-memberlist.advertise-addr=$(POD_IP)", `-target=${part}${loki.ui.enabled && part === "read" ? ",ui" : ""}`],
      ...(part === "backend" ? ["-legacy-read-mode=false"] : []),
      ...allOf(release, part, "extraArgs"),
    ],
    ports: [
      port("http-metrics", loki.server.http_listen_port),
      port("grpc", loki.server.grpc_listen_port),
      GOSSIP_PORT,
    ],
    env: [
      ...goEnvironment(allOf(release, part, "extraEnv"), own.resources, defaults.goSettings),
      { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
    ],
    envFrom: allOf(release, part, "extraEnvFrom"),
    securityContext: settingOf(release, part, "containerSecurityContext"),
    livenessProbe: settingOf(release, part, "livenessProbe"),
    readinessProbe: settingOf(release, part, "readinessProbe"),
    lifecycle: own.lifecycle,
    volumeMounts: [
      { name: "config", mountPath: "/etc/loki/config" },
      { name: "runtime-config", mountPath: "/etc/loki/runtime-config" },
      { name: "data", mountPath: "/var/loki" },
      { name: "temp", mountPath: "/tmp" },
      ...allOf(release, part, "extraVolumeMounts"),
    ],
  });
}

const pods = (
  release: ChartRelease,
  kind: string,
  name: string,
  replicas: number,
  labels: Record<string, string>,
  spec: Loose,
): Manifest => ({
  ...{ apiVersion: "apps/v1", kind, metadata: metadata(release, name) },
  spec: { replicas, template: { metadata: { labels }, spec } },
});

/** How much memory Go may use and how eagerly it collects, unless a variable sets it. */
function goEnvironment(extra: Loose[], resources: Loose, { goMemLimitFactor, gogc }: Loose): Loose[] {
  const has = (variable: string): boolean => extra.some(({ name }) => name === variable);
  const limit = resources.limits?.memory && Math.floor(memoryLimit(resources) * goMemLimitFactor);
  return [
    ...extra,
    ...(limit && !has("GOMEMLIMIT") ? [{ name: "GOMEMLIMIT", value: `${limit}MiB` }] : []),
    ...(has("GOGC") ? [] : [{ name: "GOGC", value: String(gogc) }]),
  ];
}

const port = (name: string, containerPort: number) => ({ name, containerPort, protocol: "TCP" });
const GOSSIP_PORT = port("http-memberlist", GOSSIP);

interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: string;
}

const service = (
  release: ChartRelease,
  name: string,
  ports: ServicePort[],
  selected: Record<string, string>,
  { headless = false, notReady = false } = {},
): Manifest => ({
  ...{ apiVersion: "v1", kind: "Service", metadata: metadata(release, name) },
  spec: {
    ports,
    selector: selected,
    ...(headless && { clusterIP: "None" }),
    ...(notReady && { publishNotReadyAddresses: true }),
  },
});

const lokiPorts = ({ values }: ChartRelease): ServicePort[] => [
  { name: "http-metrics", port: values.loki.server.http_listen_port, targetPort: "http-metrics" },
  { name: "grpc", port: values.loki.server.grpc_listen_port, targetPort: "grpc" },
];

const publishesNotReady = ({ values }: ChartRelease, part: Part): boolean =>
  values[part].service.publishNotReadyAddresses ?? values.defaults.service.publishNotReadyAddresses ?? true;

function services(release: ChartRelease, part: Part): Manifest[] {
  const ports = [...lokiPorts(release), { name: "grpclb", port: 9096, targetPort: "grpc" }];
  const notReady = publishesNotReady(release, part);
  return [false, true].map((headless) =>
    service(release, `${release.name}-${part}${headless ? "-headless" : ""}`, ports, selector(release, part), {
      headless,
      notReady,
    }),
  );
}

const discovery = (release: ChartRelease): Manifest =>
  service(
    release,
    `${release.name}-query-scheduler-discovery`,
    lokiPorts(release),
    { ...selector(release, "backend") },
    { headless: true, notReady: publishesNotReady(release, "backend") },
  );

const memberlist = (release: ChartRelease): Manifest =>
  service(
    release,
    lokiNames(release).memberlist,
    [{ name: "tcp", port: GOSSIP, targetPort: GOSSIP_PORT.name }],
    { ...selector(release), "app.kubernetes.io/part-of": "memberlist" },
    { headless: true, notReady: release.values.memberlist.service.publishNotReadyAddresses },
  );

function gatewayObjects(release: ChartRelease): Manifest[] {
  const { gateway, global } = release.values;
  const name = `${release.name}-gateway`;
  const container = filled({
    name: "nginx",
    image: imageOf(global.imageRegistry, gateway.image, {}, release.appVersion),
    ports: [port("http", gateway.containerPort)],
    env: gateway.extraEnv,
    envFrom: gateway.extraEnvFrom,
    livenessProbe: gateway.livenessProbe,
    readinessProbe: gateway.readinessProbe,
    securityContext: gateway.containerSecurityContext,
    lifecycle: gateway.lifecycle,
    volumeMounts: [
      { name: "config", mountPath: "/etc/nginx" },
      ...(gateway.basicAuth.enabled ? [{ name: "auth", mountPath: "/etc/nginx/secrets" }] : []),
      { name: "tmp", mountPath: "/tmp" },
      { name: "docker-entrypoint-d-override", mountPath: "/docker-entrypoint.d" },
      ...gateway.extraVolumeMounts,
    ],
  });
  const spec = {
    securityContext: gateway.podSecurityContext,
    terminationGracePeriodSeconds: gateway.terminationGracePeriodSeconds,
    volumes: [
      { name: "config", configMap: { name } },
      ...(gateway.basicAuth.enabled
        ? [{ name: "auth", secret: { secretName: gateway.basicAuth.existingSecret } }]
        : []),
      { name: "tmp", emptyDir: {} },
      { name: "docker-entrypoint-d-override", emptyDir: {} },
      ...gateway.extraVolumes,
    ],
    containers: [container],
  };
  const labels = selector(release, "gateway");
  return [
    configMap(release, name, { "nginx.conf": gatewayConfig(release) }),
    pods(release, "Deployment", name, gateway.replicas, labels, spec),
    service(release, name, [{ name: "http", port: gateway.service.port, targetPort: "http" }], labels),
  ];
}

function cacheObjects(release: ChartRelease, cache: Loose, part: string): Manifest[] {
  const { global, memcached } = release.values;
  const component = `memcached-${part}`;
  const container = filled({
    name: "memcached",
    image: imageOf(global.imageRegistry, memcached.image, {}, release.appVersion),
    ports: [{ name: "client", containerPort: cache.port }],
    args: [
      ...[`-m ${cache.allocatedMemory}`, "--extended=modern,track_sizes", `-I ${cache.maxItemMemory}m`],
      ...[`-c ${cache.connectionLimit}`, "-v", `-u ${cache.port}`],
    ],
    env: global.extraEnv,
    envFrom: global.extraEnvFrom,
    securityContext: memcached.containerSecurityContext,
    readinessProbe: memcached.readinessProbe,
    livenessProbe: memcached.livenessProbe,
  });
  const spec = {
    securityContext: memcached.podSecurityContext,
    terminationGracePeriodSeconds: cache.terminationGracePeriodSeconds,
    containers: [container],
  };
  const name = `${release.name}-${part}`;
  return [
    pods(release, "StatefulSet", name, cache.replicas, { ...selector(release, component), name: component }, spec),
    service(
      release,
      name,
      [{ name: "memcached-client", port: cache.port, targetPort: "client" }],
      selector(release, component),
      { headless: true },
    ),
  ];
}
