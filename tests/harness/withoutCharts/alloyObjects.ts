import type { Manifest } from "../../../components/helm/manifest.ts";
import type { Loose } from "../manifest.ts";
import { type ChartRelease, expand, filled, imageOf } from "./chartValues.ts";

/** Alloy's ConfigMap and DaemonSet from the same values: the chart's objects, without the parts that only a cluster reads. */
export function alloyObjects(release: ChartRelease): Manifest[] {
  const { name, namespace, values } = release;
  const { alloy, configReloader, controller, global } = values;
  if (
    controller.type !== "daemonset" ||
    alloy.clustering.enabled ||
    alloy.mounts.dockercontainers ||
    configReloader.enabled
  )
    throw new Error("without charts Alloy is a DaemonSet that reads /var/log, without clustering and reloader");
  const key = alloy.configMap.key ?? "config.alloy";
  const spec = filled({
    securityContext: global.podSecurityContext,
    terminationGracePeriodSeconds: controller.terminationGracePeriodSeconds,
    volumes: [
      { name: "config", configMap: { name } },
      ...(alloy.mounts.varlog ? [{ name: "varlog", hostPath: { path: "/var/log" } }] : []),
      ...controller.volumes.extra,
    ],
    initContainers: controller.initContainers,
    containers: [alloyContainer(release, key), ...controller.extraContainers],
  });
  const labels = { "app.kubernetes.io/name": "alloy", "app.kubernetes.io/instance": name };
  return [
    {
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } },
      // The values write `{{` like this, so that it is not a template.
      data: { [key]: expand(alloy.configMap.content, release, { '"{{"': "{{" }) },
    },
    {
      ...{ apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name, namespace } },
      spec: { template: { metadata: { labels }, spec } },
    },
  ];
}

/** @param key name of the pipeline's file. */
function alloyContainer({ appVersion, values }: ChartRelease, key: string): Loose {
  const { alloy, global, image } = values;
  const nodeName = { fieldRef: { fieldPath: "spec.nodeName" } };
  return filled({
    name: "alloy",
    image: imageOf(global.image.registry, image, {}, appVersion),
    command: alloy.command,
    args: [
      ...["run", `/etc/alloy/${key}`, `--storage.path=${alloy.storagePath}`],
      `--server.http.listen-addr=${alloy.listenAddr}:${alloy.listenPort}`,
      `--server.http.ui-path-prefix=${alloy.uiPathPrefix}`,
      ...(alloy.enableReporting ? [] : ["--disable-reporting"]),
      ...(alloy.stabilityLevel ? [`--stability.level=${alloy.stabilityLevel}`] : []),
      ...alloy.extraArgs,
    ],
    env: [
      { name: "ALLOY_DEPLOY_MODE", value: "helm" },
      { name: "HOSTNAME", valueFrom: nodeName },
      { name: "K8S_NODE_NAME", valueFrom: nodeName },
      ...alloy.extraEnv,
    ],
    envFrom: alloy.envFrom,
    ports: [
      { name: "http-metrics", containerPort: alloy.listenPort },
      ...alloy.extraPorts.map(({ name, targetPort, protocol }: Loose) => ({
        name,
        containerPort: targetPort,
        protocol,
      })),
    ],
    readinessProbe: {
      httpGet: { path: "/-/ready", port: alloy.listenPort, scheme: alloy.listenScheme },
      initialDelaySeconds: alloy.initialDelaySeconds,
      timeoutSeconds: alloy.timeoutSeconds,
    },
    livenessProbe: alloy.livenessProbe,
    lifecycle: alloy.lifecycle,
    securityContext: alloy.securityContext,
    volumeMounts: [
      { name: "config", mountPath: "/etc/alloy" },
      ...(alloy.mounts.varlog ? [{ name: "varlog", mountPath: "/var/log", readOnly: true }] : []),
      ...alloy.mounts.extra,
    ],
  });
}
