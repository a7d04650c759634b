import { readFileSync } from "node:fs";
import type { Input } from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { generationAnnotation } from "../gateway/password.ts";
import { mergeValues, type Values } from "../helm/mergeValues.ts";

/**
 * The pipeline, as Alloy reads it. Batches are of Alloy's own size: larger ones spare the gateway little and cost memory; what is in the
 * structured metadata is in no stored byte (bench/results/pipeline-compared.md).
 */
export const ALLOY_PIPELINE = new URL("pod-logs.alloy", import.meta.url);

const shell = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");

/**
 * What starts Alloy: start.sh puts Alloy back to where Loki may not have everything. One text of it and the files that it names, without
 * comments, so that these roll no pods.
 */
export const alloyStart = (): string =>
  shell("start.sh")
    .replace(/^source (\S+)\n/gm, (_, file: string) => shell(file))
    .replace(/^\s*#.*\n/gm, "");

/**
 * Where Alloy remembers how far it has read, and keeps what Loki does not have yet, on the node: in the pod, each roll-out would
 * begin again or skip. start.sh and the pipeline have the same path. */
const STORAGE = "/var/lib/alloy";

/** Names of objects that the values refer to. */
export interface AlloyReferences {
  readonly gatewayLoginSecret: Input<string>;
  readonly pullSecrets: ReadonlyArray<Input<string>>;
}

/**
 * Lines of one container that pass at once, above its limit: all that the kubelet keeps of it (on AKS five files of 50 MB) at 125 bytes
 * a line. So what Alloy reads again after it was away is never taken for a flood.
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

/** The environment that parametrizes the pipeline and its start. */
export const pipelineEnvironment = ({ cluster, alloy, pushUrl }: ResolvedArgs): Record<string, string> => ({
  LOGGING_CLUSTER: cluster.name,
  LOGGING_ENVIRONMENT: cluster.environment,
  LOGGING_EXCLUDE: excludeGlob(alloy.exclude),
  LOGGING_PUSH_URL: pushUrl,
  LOGGING_BUFFER_MIB: String(alloy.bufferMiB),
  LOGGING_LINES_PER_SECOND: String(alloy.maxLinesPerSecond),
  LOGGING_LINES_AT_ONCE: String(LINES_AT_ONCE),
});

/** The chart passes the pipeline through Helm's `tpl`: what looks like a template has to say that it is none. */
export const escapeForHelm = (text: string): string => text.replaceAll("{{", '{{ "{{" }}');

/** Values of the Alloy chart. */
export function alloyValues(
  args: ResolvedArgs,
  refs: AlloyReferences,
  pipeline = readFileSync(ALLOY_PIPELINE, "utf8"),
): Values {
  const { alloy, images, loki } = args;
  const pullSecrets = refs.pullSecrets.map((name) => ({ name }));
  const own: Values = {
    ...((images.registry || pullSecrets.length > 0) && {
      global: {
        image: {
          ...(images.registry && { registry: images.registry }),
          ...(pullSecrets.length > 0 && { pullSecrets }),
        },
      },
    }),
    // The PodLogs resource, which this pipeline does not use, would belong to whichever release installs it first.
    crds: { create: false },
    // Without the reloader a new pipeline rolls the pods, and a broken one fails the roll-out; with it, the old pipeline would
    // stay and nobody would know. New environment variables would never arrive.
    configReloader: { enabled: false },
    alloy: {
      // On every start of the container, unlike an init container, which would not run again after a crash.
      command: ["/bin/bash", "-c", alloyStart(), "alloy"],
      configMap: { content: escapeForHelm(pipeline) },
      storagePath: STORAGE,
      enableReporting: false,
      extraEnv: Object.entries(pipelineEnvironment(args)).map(([name, value]) => ({ name, value })),
      envFrom: [{ secretRef: { name: refs.gatewayLoginSecret } }],
      mounts: { varlog: true, extra: [{ name: "storage", mountPath: STORAGE }] },
      resources: alloy.resources,
      // Root owns /var/log/pods and the positions; root without a single capability reads both.
      securityContext: {
        runAsUser: 0,
        runAsGroup: 0,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
        seccompProfile: { type: "RuntimeDefault" },
      },
    },
    controller: {
      type: "daemonset",
      podAnnotations: generationAnnotation(loki.gateway.credentialsGeneration),
      // Tolerates every taint, and so would be put on virtual nodes and onto Windows if nothing forbade it.
      tolerations: [{ operator: "Exists" }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
                  { key: "type", operator: "NotIn", values: ["virtual-kubelet"] },
                ],
              },
            ],
          },
        },
      },
      // A full node evicts an application before the program that reads its last words.
      priorityClassName: "system-node-critical",
      // One node at a time, the default, takes longer than Helm waits on a hundred nodes.
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "20%" } },
      // When stopped, Alloy reads nothing more and sends what it has. That takes a second, or over a minute while Loki is away, and files
      // keep rotating. start.sh recovers the rest.
      terminationGracePeriodSeconds: 10,
      volumes: { extra: [{ name: "storage", hostPath: { path: STORAGE, type: "DirectoryOrCreate" } }] },
    },
    // The pipeline reads files and asks no API.
    rbac: { create: false },
    serviceAccount: { automountServiceAccountToken: false },
  };
  return mergeValues(own, alloy.values);
}
