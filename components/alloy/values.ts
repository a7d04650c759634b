import { readFileSync } from "node:fs";
import type { Input } from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { generationAnnotation } from "../gateway/password.ts";
import { mergeValues, type Values } from "../helm/mergeValues.ts";

/**
 * The pipeline, in Alloy's own syntax. Batches keep Alloy's default size: larger ones save the gateway little and cost memory. Structured
 * metadata adds no stored bytes (bench/results/pipeline-compared.md).
 */
export const ALLOY_PIPELINE = new URL("pod-logs.alloy", import.meta.url);

const shell = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");

/**
 * The script that starts Alloy: start.sh and the files that it sources, as one text. It sets Alloy back to a point from which Loki may not
 * have everything. Comments are removed, so that editing one restarts no pods.
 */
export const alloyStart = (): string =>
  shell("start.sh")
    .replace(/^source (\S+)\n/gm, (_, file: string) => shell(file))
    .replace(/^\s*#.*\n/gm, "");

/**
 * Folder on the node for Alloy's positions and for lines that Loki does not have yet. In a folder of the pod, each roll-out would start
 * again or skip lines. start.sh and the pipeline use the same path.
 */
const STORAGE = "/var/lib/alloy";

/** Names of objects that the values refer to. */
export interface AlloyReferences {
  readonly gatewayLoginSecret: Input<string>;
  readonly pullSecrets: ReadonlyArray<Input<string>>;
}

/**
 * Lines that one container may send at once, above its limit: all that the kubelet keeps of it (on AKS five files of 50 MB), at 125 bytes
 * a line. So Alloy never drops lines as a flood when it catches up after an outage.
 */
const LINES_AT_ONCE = 2_000_000;

/**
 * The exclusions as one glob for Alloy's `__path_exclude__`. The kubelet's folders are `<namespace>_<pod>_<uid>`.
 * https://grafana.com/docs/alloy/latest/reference/components/local/local.file_match/
 */
export function excludeGlob(exclude: readonly string[]): string {
  const folders = exclude.map((pattern) => {
    const [namespace, pod = "*"] = pattern.split("/");
    return `${namespace}_${pod}_*`;
  });
  return folders.length === 0 ? "" : `/var/{log/pods,lib/alloy/replay}/{${folders.join(",")}}/*/*.log`;
}

/** Environment variables that the pipeline and start.sh read. */
export const pipelineEnvironment = ({ cluster, alloy, pushUrl }: ResolvedArgs): Record<string, string> => ({
  LOGGING_CLUSTER: cluster.name,
  LOGGING_ENVIRONMENT: cluster.environment,
  LOGGING_EXCLUDE: excludeGlob(alloy.exclude),
  LOGGING_PUSH_URL: pushUrl,
  LOGGING_BUFFER_MIB: String(alloy.bufferMiB),
  LOGGING_LINES_PER_SECOND: String(alloy.maxLinesPerSecond),
  LOGGING_LINES_AT_ONCE: String(LINES_AT_ONCE),
});

/** Escapes `{{`, because the chart passes the pipeline through Helm's `tpl`. https://helm.sh/docs/howto/charts_tips_and_tricks/ */
export const escapeForHelm = (text: string): string => text.replaceAll("{{", '{{ "{{" }}');

/**
 * Values of the Alloy chart. https://github.com/grafana/alloy/tree/main/operations/helm/charts/alloy
 *
 * @param pipeline Default: pod-logs.alloy.
 */
export function alloyValues(
  args: ResolvedArgs,
  refs: AlloyReferences,
  pipeline = readFileSync(ALLOY_PIPELINE, "utf8"),
): Values {
  const { alloy, images, loki } = args;
  const pullSecrets = refs.pullSecrets.map((name) => ({ name }));
  const image = {
    ...(images.registry && { registry: images.registry }),
    ...(pullSecrets.length > 0 && { pullSecrets }),
  };
  const own: Values = {
    ...(Object.keys(image).length > 0 && { global: { image } }),
    // The pipeline does not use the PodLogs resource. It would belong to the release that installs it first.
    crds: { create: false },
    // Without the reloader, a new pipeline restarts the pods, and a broken one fails the roll-out. With it, the old pipeline would silently
    // stay, and new environment variables would never arrive.
    configReloader: { enabled: false },
    alloy: container(args, refs, pipeline),
    controller: daemonSet(loki.gateway.credentialsGeneration),
    // The pipeline reads files and calls no API.
    rbac: { create: false },
    serviceAccount: { automountServiceAccountToken: false },
  };
  return mergeValues(own, alloy.values);
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

const container = (args: ResolvedArgs, refs: AlloyReferences, pipeline: string): Values => ({
  // Runs on every start of the container. An init container would not run again after a crash.
  command: ["/bin/bash", "-c", alloyStart(), "alloy"],
  configMap: { content: escapeForHelm(pipeline) },
  storagePath: STORAGE,
  enableReporting: false,
  extraEnv: Object.entries(pipelineEnvironment(args)).map(([name, value]) => ({ name, value })),
  envFrom: [{ secretRef: { name: refs.gatewayLoginSecret } }],
  mounts: { varlog: true, extra: [{ name: "storage", mountPath: STORAGE }] },
  resources: args.alloy.resources,
  livenessProbe: LIVENESS,
  // Root owns /var/log/pods and the positions. Root can read both without any capability.
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
  // When Alloy stops, it reads nothing more and sends what it has. That takes a second while Loki is up, and over a minute while it is down.
  // Files keep rotating. start.sh reads again what is left.
  terminationGracePeriodSeconds: 10,
  volumes: { extra: [{ name: "storage", hostPath: { path: STORAGE, type: "DirectoryOrCreate" } }] },
});
