import type { Input } from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { GATEWAY_ENV } from "../gateway/password.ts";
import type { Values } from "../helm/mergeValues.ts";
import { CANARY_CONTAINER, GATEWAY_SERVICE } from "../releaseNames.ts";
import { CANARY_RESOURCES } from "./workloads.ts";

/**
 * Arguments of the canary. It takes the way of every other line: it writes to standard output, Alloy reads the file, and the canary reads
 * the line back through the gateway with the login of readers. By default the chart's canary pushes to the gateway, and gets a 401.
 *
 * Later arguments win, so these replace the chart's own selector. A selector has two labels, and the rest is a filter: the pod, because a
 * new one must not see the lines of the old, and the stream, because the canary logs its own messages to standard error.
 */
export const canaryArguments = ({ namespace }: Pick<ResolvedArgs, "namespace">): string[] => [
  "-streamname=namespace",
  `-streamvalue=${namespace}`,
  "-labelname=container",
  `-labelvalue=${CANARY_CONTAINER}`,
  '-query-append=| pod="$(POD_NAME)" | stream="stdout"',
  // Kubernetes expands them in the container. The values of the release hold no secret.
  `-user=$(${GATEWAY_ENV.username})`,
  `-pass=$(${GATEWAY_ENV.password})`,
  // Tests that compare counts ignore the filter, and would also count the canary's messages.
  "-metric-test-interval=87600h",
  "-cache-test-interval=87600h",
];

/** The values' `lokiCanary:` section. https://grafana.com/docs/loki/latest/operations/loki-canary/ */
export const canaryValues = (args: ResolvedArgs, readerLoginSecret: Input<string>, placement: Values): Values => ({
  enabled: true,
  kind: "Deployment",
  replicas: 1,
  push: false,
  lokiurl: `${GATEWAY_SERVICE}.${args.namespace}.svc.cluster.local:80`,
  extraArgs: canaryArguments(args),
  extraEnvFrom: [{ secretRef: { name: readerLoginSecret } }],
  resources: CANARY_RESOURCES,
  // A budget for one pod would block every drain, or allow it and change nothing.
  podDisruptionBudget: { enabled: false },
  ...placement,
});
