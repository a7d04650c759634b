import { createHash } from "node:crypto";
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { ResolvedArgs } from "../../args.ts";
import { mergeValues, type Values } from "../../helm/mergeValues.ts";
import { ALLOY_RELEASE, EVENTS_COMPONENT, EVENTS_WORKLOAD } from "../../releaseNames.ts";
import { textFile } from "../../textFile.ts";
import { alloyImage } from "../image.ts";
import { maskRules } from "../mask.ts";
import { withProcessors } from "../pipeline.ts";

/** The pipeline without masks: a config of the OpenTelemetry Collector, which Alloy's OTel engine runs. */
const EVENTS_PIPELINE = new URL("kubernetes-events.yaml", import.meta.url);

/** The pipeline. An event may quote what an application wrote, so the masks count for it too. */
export const eventsPipeline = ({ alloy }: ResolvedArgs): string =>
  withProcessors(textFile(EVENTS_PIPELINE), maskRules(alloy.mask));

/** Folder of the position and of events that Loki does not have yet. */
const STORAGE = "/var/lib/alloy";

/** The queue's size. 100 events a second fill it in about two hours. With its compaction, it fits on the disk. */
const QUEUE_BYTES = 2 ** 30;

/** Azure bills a smaller disk as one of this size. */
const DISK_GIB = 4;

/** Alloy's user in its image. */
const ALLOY_USER = 473;

/** Labels of the pod. The instance is Alloy's: its NetworkPolicies and its PodMonitor count for this pod too. */
export const EVENTS_LABELS = {
  "app.kubernetes.io/name": EVENTS_WORKLOAD,
  "app.kubernetes.io/instance": ALLOY_RELEASE,
  "app.kubernetes.io/component": EVENTS_COMPONENT,
} as const;

/** The only right of the pod. */
export const EVENTS_RULES = [{ apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] }];

/** Keeps the position and the queue when the pod is replaced, on whatever node. */
export const eventsClaimSpec = ({ loki }: ResolvedArgs): types.input.core.v1.PersistentVolumeClaimSpec => ({
  accessModes: ["ReadWriteOnce"],
  storageClassName: loki.storage.storageClass,
  resources: { requests: { storage: `${DISK_GIB}Gi` } },
});

/**
 * The container's command, for the reasons that ../values.ts gives: flock keeps a second Alloy off the disk, and drops SIGTERM. Asked to stop
 * while the queue is full, the receiver would save the position of an event that it could not hand over.
 */
const COMMAND = [
  ...["/usr/bin/flock", `${STORAGE}/lock`],
  ...["/bin/alloy", "otel", "--config=/etc/alloy/config.yaml"],
];

/**
 * Fails when the API server cannot be reached. After five minutes without it, the receiver would go on with the newest event, and skip those
 * before it (kubernetes-events.yaml). A restarted one asks for all that it has not sent.
 */
const LIVENESS = {
  exec: { command: ["/bin/bash", "-c", ": </dev/tcp/$KUBERNETES_SERVICE_HOST/$KUBERNETES_SERVICE_PORT"] },
  initialDelaySeconds: 30,
  periodSeconds: 20,
  timeoutSeconds: 10,
  failureThreshold: 3,
};

/** Names of objects that the pod refers to. */
export interface EventsReferences {
  readonly serviceAccount: Input<string>;
  readonly configMap: Input<string>;
  readonly claim: Input<string>;
  readonly gatewayLoginSecret: Input<string>;
  readonly pullSecrets: ReadonlyArray<Input<string>>;
}

/** Environment variables that the pipeline reads. */
export const eventsEnvironment = ({ cluster, otlpUrl }: ResolvedArgs): Record<string, string> => ({
  LOGGING_CLUSTER: cluster.name,
  LOGGING_ENVIRONMENT: cluster.environment,
  LOGGING_OTLP_URL: otlpUrl,
  LOGGING_QUEUE_BYTES: String(QUEUE_BYTES),
  LOGGING_STORAGE: STORAGE,
});

/** The Deployment's spec. One pod: two would send each event twice. */
export function eventsDeploymentSpec(args: ResolvedArgs, refs: EventsReferences): types.input.apps.v1.DeploymentSpec {
  return {
    replicas: 1,
    selector: { matchLabels: EVENTS_LABELS },
    // The disk belongs to one pod at a time.
    strategy: { type: "Recreate" },
    // Kubernetes would give up after ten minutes.
    progressDeadlineSeconds: args.alloy.timeoutSeconds,
    template: {
      metadata: {
        labels: EVENTS_LABELS,
        // A changed pipeline restarts the pod.
        annotations: { "checksum/config": createHash("sha256").update(eventsPipeline(args)).digest("hex") },
      },
      spec: podSpec(args, refs),
    },
  };
}

const podSpec = (args: ResolvedArgs, refs: EventsReferences): types.input.core.v1.PodSpec => ({
  serviceAccountName: refs.serviceAccount,
  ...(refs.pullSecrets.length > 0 && { imagePullSecrets: refs.pullSecrets.map((name) => ({ name })) }),
  nodeSelector: { "kubernetes.io/os": "linux", ...args.nodePool.nodeSelector },
  tolerations: [...args.nodePool.tolerations],
  // Alloy reads until it is killed.
  terminationGracePeriodSeconds: 2,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: ALLOY_USER,
    runAsGroup: ALLOY_USER,
    fsGroup: ALLOY_USER,
    seccompProfile: { type: "RuntimeDefault" },
  },
  containers: [
    {
      name: ALLOY_RELEASE,
      image: alloyImage(imageValues(args) as Record<string, Values>),
      command: COMMAND,
      env: Object.entries(eventsEnvironment(args)).map(([name, value]) => ({ name, value })),
      envFrom: [{ secretRef: { name: refs.gatewayLoginSecret } }],
      // The first has the name that the PodMonitor scrapes.
      ports: [
        { name: "metrics", containerPort: 8888 },
        { name: "health", containerPort: 12345 },
      ],
      readinessProbe: { httpGet: { path: "/-/ready", port: 12345 }, periodSeconds: 10, timeoutSeconds: 5 },
      livenessProbe: LIVENESS,
      resources: args.alloy.events.resources,
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      volumeMounts: [
        { name: "config", mountPath: "/etc/alloy", readOnly: true },
        { name: "storage", mountPath: STORAGE },
      ],
    },
  ],
  volumes: [
    { name: "config", configMap: { name: refs.configMap } },
    { name: "storage", persistentVolumeClaim: { claimName: refs.claim } },
  ],
});

/** Values that decide the image, as for Alloy's release: the escape hatch, and `images.registry`. */
const imageValues = ({ alloy, images }: ResolvedArgs): Values =>
  mergeValues(alloy.values, images.registry ? { global: { image: { registry: images.registry } } } : {});
