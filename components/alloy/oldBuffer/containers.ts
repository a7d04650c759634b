// The upgrade from release 0.1. This folder can go in release 0.3, with what uses it: an upgrade from 0.1 then goes through 0.2
// (docs/upgrading.md).

import type { Values } from "../../helm/mergeValues.ts";
import type { ContainerResources } from "../../quantities.ts";
import { textFile } from "../../textFile.ts";
import { alloyImage } from "../image.ts";

const text = (file: string): string => textFile(new URL(file, import.meta.url));

/** Without the comments of a script, so that editing one restarts no pods. */
const shell = (file: string): string => text(file).replace(/^\s*#.*\n/gm, "");

/** Name of the container that sends the buffer. */
export const OLD_BUFFER = "old-buffer";

/** Name of the file that holds when release 0.1 ended on a node. */
export const OLD_RELEASE_ENDED = "release-0.1-ended";

/**
 * Resources of each of the two containers. They reserve little, so that an upgrade fits where release 0.1 did. The buffer is sent with what
 * CPU the node has to spare.
 */
export const OLD_BUFFER_RESOURCES: ContainerResources = {
  requests: { cpu: "10m", memory: "64Mi" },
  limits: { memory: "512Mi" },
};

/** Succeeds if everything is sent, or if the Alloy that sends it has an open port. */
const SENDS = "[ ! -e $LOGGING_STORAGE/loki.write.gateway ] || : </dev/tcp/127.0.0.1/12346";
const PROBE = { exec: { command: ["/bin/bash", "-c", SENDS] }, timeoutSeconds: 10 };

/**
 * Adds two containers to the values of Alloy's release. The first runs before Alloy, and notes when release 0.1 ended on this node. The second
 * runs beside Alloy, sends what the buffer of release 0.1 holds, and removes that release's files: Loki may be down for hours, and lines are
 * read in that time.
 *
 * @param storage Alloy's folder on the node.
 * @param pushUrl where release 0.1 pushed to.
 */
export function withOldBuffer(values: Values, storage: string, pushUrl: string): Values {
  const { alloy = {}, controller = {} } = values as Record<string, Values>;
  const env = [{ name: "LOGGING_STORAGE", value: storage }];
  const shared = {
    image: alloyImage(values as Record<string, Values>),
    securityContext: alloy.securityContext,
    volumeMounts: (alloy.mounts as Values | undefined)?.extra,
  };
  const noteEnd = {
    name: "old-release-ended",
    ...shared,
    command: ["/bin/bash", "-c", shell("noteEnd.sh")],
    env: [...env, { name: "LOGGING_ENDED", value: OLD_RELEASE_ENDED }],
    resources: OLD_BUFFER_RESOURCES,
  };
  const send = {
    name: OLD_BUFFER,
    ...shared,
    command: ["/bin/bash", "-c", shell("send.sh")],
    env: [
      ...env,
      { name: "LOGGING_PUSH_URL", value: pushUrl },
      { name: "LOGGING_BUFFER_PIPELINE", value: text("buffer.alloy") },
    ],
    envFrom: alloy.envFrom,
    resources: OLD_BUFFER_RESOURCES,
    readinessProbe: { ...PROBE, periodSeconds: 10 },
    livenessProbe: { ...PROBE, initialDelaySeconds: 60, periodSeconds: 30, failureThreshold: 10 },
  };
  return {
    ...values,
    controller: {
      ...controller,
      initContainers: [noteEnd, ...((controller.initContainers as Values[] | undefined) ?? [])],
      extraContainers: [send, ...((controller.extraContainers as Values[] | undefined) ?? [])],
    },
  };
}
