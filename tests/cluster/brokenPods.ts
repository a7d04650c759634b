import { setTimeout as sleep } from "node:timers/promises";
import type { ControlPlane } from "../harness/kubernetes/controlPlane.ts";
import type { KubernetesObject } from "../harness/kubernetes/kubernetesApi.ts";

/** How a pod is broken: the value of its annotation `BROKEN`. */
export type Trouble = "image" | "crash" | "probe";

/** kwok-stages.yaml ignores pods with this annotation. */
const BROKEN = "cluster-tier/never-ready";
const LOGGING = "/api/v1/namespaces/logging";

/** What the kubelet reports for each trouble. */
export const SAID = {
  image: "Back-off pulling image: 401 Unauthorized",
  probe: "Readiness probe failed: HTTP probe failed with statuscode: 503",
  /** More lines than the explanation requests. */
  log: Array.from({ length: 30 }, (_, i) => `level=info msg="starting ${i}"`).concat(
    'level=error msg="error running loki" err="mkdir /var/loki/rules: read-only file system"',
  ),
} as const;

export const brokenBy = (trouble: Trouble) => ({ podAnnotations: { [BROKEN]: trouble } });

/** Reports on every broken pod what a kubelet would, as soon as the pod is on a node, until it is stopped. */
export function tellOfBrokenPods(cluster: ControlPlane): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const told = new Set<string>();
  const telling = (async () => {
    while (!stopped.signal.aborted) {
      const pods = await cluster.api.list(`${LOGGING}/pods`);
      for (const pod of pods) {
        const trouble = pod.metadata.annotations?.[BROKEN] as Trouble | undefined;
        const uid = pod.metadata.uid ?? "";
        if (!trouble || !pod.spec.nodeName || pod.metadata.deletionTimestamp || told.has(uid)) continue;
        await tellOf(cluster, pod, trouble);
        told.add(uid);
      }
      await sleep(200);
    }
  })();
  // The caller that waits for the deploy gets the error at the end.
  telling.catch(() => {});
  return {
    stop() {
      stopped.abort();
      return telling;
    },
  };
}

async function tellOf({ api, kubelet }: ControlPlane, pod: KubernetesObject, trouble: Trouble): Promise<void> {
  const { name, uid } = pod.metadata;
  const [broken, ...others] = pod.spec.containers as Array<{ name: string; image: string }>;
  if (!broken) return;
  const running = { running: { startedAt: now() } };
  const status = ({ name, image }: typeof broken, more: object) => ({
    name,
    image,
    imageID: "",
    restartCount: 0,
    ...more,
  });
  if (trouble === "crash") kubelet.logs.set(`logging/${name}/${broken.name}`, { previous: SAID.log.join("\n") });
  if (trouble === "probe")
    await api.create(`${LOGGING}/events`, {
      // The UID is in the name, because the event of an earlier pod of this name may still exist.
      metadata: { name: `${name}.${uid}` },
      involvedObject: { apiVersion: "v1", kind: "Pod", namespace: "logging", name, uid },
      type: "Warning",
      reason: "Unhealthy",
      message: SAID.probe,
      source: { component: "kubelet" },
      firstTimestamp: now(),
      lastTimestamp: now(),
      count: 1,
    });
  const condition = (type: string, status: "True" | "False") => ({ type, status, lastTransitionTime: now() });
  await api.call("PUT", `${LOGGING}/pods/${name}/status`, {
    ...pod,
    status: {
      ...pod.status,
      phase: trouble === "image" ? "Pending" : "Running",
      conditions: [
        ...pod.status.conditions.filter(({ type }: { type: string }) => type === "PodScheduled"),
        condition("Initialized", "True"),
        condition("ContainersReady", "False"),
        condition("Ready", "False"),
      ],
      containerStatuses: [
        status(broken, { ready: false, ...BROKEN_CONTAINER[trouble]() }),
        ...others.map((container) => status(container, { ready: true, state: running })),
      ],
    },
  });
}

const BROKEN_CONTAINER: Readonly<Record<Trouble, () => object>> = {
  image: () => ({ state: { waiting: { reason: "ImagePullBackOff", message: SAID.image } } }),
  crash: () => ({
    restartCount: 3,
    state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" } },
    lastState: { terminated: { exitCode: 1, reason: "Error", startedAt: now(), finishedAt: now() } },
  }),
  probe: () => ({ state: { running: { startedAt: now() } } }),
};

const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, "Z");
