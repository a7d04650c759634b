import type { Input } from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { generationAnnotation } from "../gateway/password.ts";
import { mergeValues, type Values } from "../helm/mergeValues.ts";
import { excludeGlobs } from "./exclusions.ts";
import { withJournal } from "./journal/container.ts";
import { multilineGlobs } from "./multiline.ts";
import { withOldBuffer } from "./oldBuffer/containers.ts";
import { GROUPS, podLogsPipeline } from "./pipeline.ts";

/** Folder on the node for Alloy's offsets and for lines that Loki does not have yet. In a folder of the pod, each roll-out would start again. */
const STORAGE = "/var/lib/alloy";

/** Names of objects that the values refer to. */
export interface AlloyReferences {
  readonly gatewayLoginSecret: Input<string>;
  readonly pullSecrets: ReadonlyArray<Input<string>>;
}

/** Environment variables that the pipeline reads. */
export const pipelineEnvironment = ({ cluster, alloy, otlpUrl }: ResolvedArgs): Record<string, string> => ({
  LOGGING_CLUSTER: cluster.name,
  LOGGING_ENVIRONMENT: cluster.environment,
  LOGGING_EXCLUDE: JSON.stringify([...excludeGlobs(alloy.exclude), ...multilineGlobs(alloy.multiline)]),
  LOGGING_OTLP_URL: otlpUrl,
  LOGGING_QUEUE_BYTES: String((alloy.bufferMiB * 2 ** 20) / GROUPS),
  LOGGING_STORAGE: STORAGE,
});

/**
 * Hands lines on before their offset is saved. Without it, they would wait in memory for up to 100 ms after that, and a kill would lose them.
 * Alloy does not start with a gate that it does not know.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/issues/31074
 */
export const FEATURE_GATES = "stanza.synchronousLogEmitter";

/**
 * The container's command.
 *
 * flock keeps a second Alloy from the same folder. As the container's first process it also drops SIGTERM, so Alloy is always killed. Asked to
 * stop while a queue is full, the receiver would save the offsets of lines that it could not hand over. docs/decisions/0007-otel-engine.md
 */
const COMMAND = [
  ...["/usr/bin/flock", `${STORAGE}/lock`],
  ...["/bin/alloy", "otel", "--config=/etc/alloy/config.yaml", `--feature-gates=${FEATURE_GATES}`],
  // Ends the options: the chart appends arguments for Alloy's other engine.
  "--",
];

/** Escapes `{{`, because the chart passes the pipeline through Helm's `tpl`. https://helm.sh/docs/howto/charts_tips_and_tricks/ */
export const escapeForHelm = (text: string): string => text.replaceAll("{{", '{{ "{{" }}');

/** A text as it was before `escapeForHelm`. */
export const withoutHelmEscapes = (text: string): string => text.replaceAll('{{ "{{" }}', "{{");

/**
 * Values of the Alloy chart. https://github.com/grafana/alloy/tree/main/operations/helm/charts/alloy
 */
export function alloyValues(args: ResolvedArgs, refs: AlloyReferences): Values {
  const { alloy, images, loki } = args;
  const pullSecrets = refs.pullSecrets.map((name) => ({ name }));
  const image = {
    ...(images.registry && { registry: images.registry }),
    ...(pullSecrets.length > 0 && { pullSecrets }),
  };
  const own: Values = {
    ...(Object.keys(image).length > 0 && { global: { image } }),
    // The pipeline does not use the PodLogs resource, which would belong to the release that installs it first.
    crds: { create: false },
    // Without the reloader, a new pipeline restarts the pods, and a broken one fails the roll-out. With it, the old pipeline would silently
    // stay, and new environment variables would never arrive.
    configReloader: { enabled: false },
    alloy: container(args, refs),
    controller: daemonSet(loki.gateway.credentialsGeneration),
    // The pipeline reads files and calls no API.
    rbac: { create: false },
    serviceAccount: { automountServiceAccountToken: false },
  };
  const values = withOldBuffer(mergeValues(own, alloy.values), STORAGE, args.pushUrl);
  return withJournal(values, args, STORAGE, refs.gatewayLoginSecret);
}

/**
 * AKS refuses pods without a liveness probe where Deployment Safeguards are enforced. It asks for no more than an open port, and for five
 * minutes: a restart of a busy Alloy would not make it faster. Readiness reports what is wrong.
 */
const LIVENESS: Values = {
  tcpSocket: { port: "http-metrics" },
  initialDelaySeconds: 60,
  periodSeconds: 30,
  timeoutSeconds: 10,
  failureThreshold: 10,
};

const container = (args: ResolvedArgs, refs: AlloyReferences): Values => ({
  command: COMMAND,
  configMap: { key: "config.yaml", content: escapeForHelm(podLogsPipeline(args.alloy)) },
  extraPorts: [{ name: "metrics", port: 8888, targetPort: 8888, protocol: "TCP" }],
  extraEnv: Object.entries(pipelineEnvironment(args)).map(([name, value]) => ({ name, value })),
  envFrom: [{ secretRef: { name: refs.gatewayLoginSecret } }],
  mounts: { varlog: true, extra: [{ name: "storage", mountPath: STORAGE }] },
  resources: args.alloy.resources,
  livenessProbe: LIVENESS,
  // Root owns /var/log/pods, the offsets and the queues. Root can use them without any capability.
  securityContext: {
    runAsUser: 0,
    runAsGroup: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  },
});

/**
 * Label of the nodes that AKS Automatic keeps for itself. It admits no other pods there.
 * https://learn.microsoft.com/azure/aks/automatic/aks-automatic-managed-system-node-pools-about
 */
export const HOSTED_BY_AKS = "kubernetes.azure.com/hostedvm";

const daemonSet = (gatewayGeneration: number): Values => ({
  type: "daemonset",
  podAnnotations: generationAnnotation(gatewayGeneration),
  // Tolerates every taint. The affinity keeps it off virtual nodes, Windows nodes and AKS's own nodes.
  tolerations: [{ operator: "Exists" }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
              { key: "type", operator: "NotIn", values: ["virtual-kubelet"] },
              { key: HOSTED_BY_AKS, operator: "NotIn", values: ["true"] },
            ],
          },
        ],
      },
    },
  },
  // So that a full node evicts an application before the agent that reads its last lines.
  priorityClassName: "system-node-critical",
  // On a hundred nodes, the default of one node at a time takes longer than Helm waits.
  updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "20%" } },
  // Alloy reads until it is killed.
  terminationGracePeriodSeconds: 2,
  volumes: { extra: [{ name: "storage", hostPath: { path: STORAGE, type: "DirectoryOrCreate" } }] },
});
