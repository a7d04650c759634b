import type { Manifest } from "../../../components/helm/manifest.ts";
import { type ChartRelease, filled, imageOf } from "./chartValues.ts";

const PORT = { name: "http-metrics", protocol: "TCP" };

/** The canary of the chart, from the same values. */
export function canaryObjects(release: ChartRelease): Manifest[] {
  const { global, lokiCanary, loki } = release.values;
  if (loki.auth_enabled) throw new Error("without charts there is no canary with a tenant");
  const name = `${release.name}-canary`;
  const metadata = { name, namespace: release.namespace };
  const labels = {
    "app.kubernetes.io/name": "loki",
    "app.kubernetes.io/instance": release.name,
    "app.kubernetes.io/component": "canary",
  };
  const container = filled({
    name: "canary",
    image: imageOf(global.imageRegistry, lokiCanary.image, {}, release.appVersion),
    args: [
      ...[`-addr=${lokiCanary.lokiurl}`, `-labelname=${lokiCanary.labelname}`, "-labelvalue=$(POD_NAME)"],
      ...(lokiCanary.push ? ["-push=true"] : []),
      ...lokiCanary.extraArgs,
    ],
    ports: [{ ...PORT, containerPort: 3500 }],
    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }, ...lokiCanary.extraEnv],
    envFrom: lokiCanary.extraEnvFrom,
    securityContext: lokiCanary.containerSecurityContext,
    livenessProbe: lokiCanary.livenessProbe,
    readinessProbe: lokiCanary.readinessProbe,
  });
  const spec = { securityContext: lokiCanary.podSecurityContext, containers: [container] };
  return [
    {
      ...{ apiVersion: "apps/v1", kind: lokiCanary.kind, metadata },
      spec: { replicas: lokiCanary.replicas, template: { metadata: { labels }, spec } },
    },
    {
      ...{ apiVersion: "v1", kind: "Service", metadata },
      spec: { ports: [{ ...PORT, port: 3500, targetPort: PORT.name }], selector: labels },
    },
  ];
}
