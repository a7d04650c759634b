import { setTimeout as delay } from "node:timers/promises";
import { AppsV1Api, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import { PORTS } from "../../components/network/networkPolicies.ts";
import { STORAGE_ENV } from "../../components/objectStorage/credentials.ts";
import { CANARY_COMPONENT, GATEWAY_SERVICE } from "../../components/releaseNames.ts";
import { apiMessage } from "../cluster/apiMessage.ts";
import { apiWithin } from "../cluster/clusterApi.ts";
import { Gateway } from "../cluster/gateway.ts";
import { readyPods } from "../cluster/lokiPods.ts";
import { openTunnel, type Tunnel } from "../cluster/tunnel.ts";
import { within } from "../cluster/within.ts";
import { readAgents } from "./agents.ts";
import { type CanaryCounts, canaryCounts, canaryText } from "./canaryMetrics.ts";
import { newChunk, type StorageKeys } from "./newChunk.ts";

/** A line with a mark, the pod that writes it, and every question about it. */
export class MarkedLine {
  readonly #args: ResolvedArgs;
  readonly #kube: KubeConfig;
  readonly #name: string;
  readonly #signal: AbortSignal;
  readonly #apps: AppsV1Api;
  readonly #core: CoreV1Api;
  readonly #started = new Date();
  readonly #tunnels: Tunnel[] = [];
  #made = false;
  #missing = "";
  #gateway: Gateway | undefined;
  #storage: StorageKeys = { accessKey: "", secretKey: "" };

  /** @param name Name of the pod, and mark of the line. @param signal Ends every request. */
  constructor(args: ResolvedArgs, kube: KubeConfig, name: string, signal: AbortSignal) {
    this.#args = args;
    this.#kube = kube;
    this.#name = name;
    this.#signal = signal;
    this.#apps = apiWithin(kube, AppsV1Api, signal);
    this.#core = apiWithin(kube, CoreV1Api, signal);
  }

  /** Why it ended, and what it was waiting for. */
  soFar(reason: Error): string {
    return [reason.message, this.#missing].filter(Boolean).join(": ");
  }

  /** Helm ends an update before the last pods, `maxUnavailable` of each kind, are ready. */
  workloadsReady(): Promise<string> {
    const { namespace } = this.#args;
    return this.#until("", async () => {
      const [sets, deployments, daemons] = await Promise.all([
        this.#apps.listNamespacedStatefulSet({ namespace }),
        this.#apps.listNamespacedDeployment({ namespace }),
        this.#apps.listNamespacedDaemonSet({ namespace }),
      ]);
      const ready = [
        ...[...sets.items, ...deployments.items].map(
          (w) => [w.metadata?.name, w.status?.readyReplicas ?? 0, w.spec?.replicas ?? 0] as const,
        ),
        ...daemons.items.map(
          (w) => [w.metadata?.name, w.status?.numberReady ?? 0, w.status?.desiredNumberScheduled ?? 0] as const,
        ),
      ];
      const counts = ready.map(([name, is, wanted]) => `${name} ${is}/${wanted}`).join(", ");
      if (ready.length === 0) throw new Error(`nothing runs in namespace ${namespace}: has the stack been deployed?`);
      if (ready.every(([, is, wanted]) => is >= wanted)) return { found: counts };
      const { waiting } = await readAgents(this.#core, namespace);
      return { missing: waiting ? `${counts}; agents that are not ready: ${waiting}` : counts };
    });
  }

  /** Names the nodes whose lines nobody collects. */
  async agents(): Promise<string> {
    return (await readAgents(this.#core, this.#args.namespace)).covered;
  }

  /** Reads the login of readers, and the keys of the running writers from the Secret that they name. */
  async readSecrets(): Promise<string> {
    const { namespace } = this.#args;
    this.#gateway = await Gateway.open(this.#args, this.#kube, this.#signal);
    const write = await this.#apps.readNamespacedStatefulSet({ name: "loki-write", namespace });
    const sources = write.spec?.template.spec?.containers[0]?.envFrom;
    const name = sources?.find(({ secretRef }) => secretRef)?.secretRef?.name;
    if (!name) throw new Error("the StatefulSet loki-write has no Secret in its environment");
    const { data = {} } = await this.#core.readNamespacedSecret({ name, namespace });
    const value = (key: string): string => Buffer.from(data[key] ?? "", "base64").toString("utf8");
    this.#storage = { accessKey: value(STORAGE_ENV.accessKey), secretKey: value(STORAGE_ENV.secretKey) };
    return `${this.#gateway.secretName}, ${name}`;
  }

  async askWithoutPassword(): Promise<string> {
    const { status } = await this.#reader.askWithoutLogin("/loki/api/v1/labels");
    if (status !== 401) throw new Error(`the gateway answers ${status} without a password, not 401`);
    return "401 without one";
  }

  /** Creates a pod that writes one line and ends. It uses the gateway's image, which the nodes can pull even without public registries. */
  async write(): Promise<string> {
    const { namespace } = this.#args;
    const gateway = await this.#apps.readNamespacedDeployment({ name: GATEWAY_SERVICE, namespace });
    const spec = gateway.spec?.template.spec;
    const nginx = spec?.containers.find((container) => container.name === "nginx");
    if (!spec || !nginx?.image) throw new Error("the gateway has no nginx container");
    const line = JSON.stringify({ level: "info", message: this.#name });
    // Set before the request: one that was aborted may have arrived.
    this.#made = true;
    await this.#core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name: this.#name, labels: { "app.kubernetes.io/name": "logging-verify" } },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          ...(spec.nodeSelector && { nodeSelector: spec.nodeSelector }),
          ...(spec.tolerations && { tolerations: spec.tolerations }),
          ...(spec.imagePullSecrets && { imagePullSecrets: spec.imagePullSecrets }),
          ...(spec.securityContext && { securityContext: spec.securityContext }),
          containers: [
            {
              name: "verify",
              image: nginx.image,
              command: ["/bin/sh", "-c", `echo '${line}'`],
              // AKS refuses a pod without probes, and raises smaller requests, where Deployment Safeguards are enforced.
              resources: { requests: { cpu: "100m", memory: "100Mi" }, limits: { memory: "128Mi" } },
              livenessProbe: { exec: { command: ["/bin/true"] } },
              readinessProbe: { exec: { command: ["/bin/true"] } },
              ...(nginx.securityContext && { securityContext: nginx.securityContext }),
            },
          ],
        },
      },
    });
    return `pod ${this.#name}`;
  }

  find(): Promise<string> {
    const { cluster, namespace } = this.#args;
    const query = new URLSearchParams({
      // By container too: Loki logs its queries, and so this one with its mark.
      query: `{cluster="${cluster.name}", container="verify"} |= \`${this.#name}\``,
      start: `${this.#started.getTime() - 60_000}000000`,
      limit: "10",
    });
    const expected = {
      cluster: cluster.name,
      env: cluster.environment,
      namespace,
      container: "verify",
      pod: this.#name,
      level: "info",
    };
    const missing = "the line has not arrived";
    return this.#until(missing, async () => {
      const { status, body } = await this.#reader.ask(`/loki/api/v1/query_range?${query}`);
      if (status !== 200) throw new Error(`the gateway answers ${status}: ${body.slice(0, 200)}`);
      const { result } = (
        JSON.parse(body) as { data: { result: Array<{ stream: Record<string, string>; values: unknown[] }> } }
      ).data;
      const [first] = result;
      if (!first) return { missing };
      const wrong = Object.entries(expected).filter(([key, value]) => first.stream[key] !== value);
      if (wrong.length > 0)
        throw new Error(`labels differ: ${wrong.map(([k, v]) => `${k} is ${first.stream[k]}, not ${v}`).join("; ")}`);
      const copies = result.reduce((sum, { values }) => sum + values.length, 0);
      if (copies !== 1) throw new Error(`the line is stored ${copies} times`);
      return {
        found: Object.entries(expected)
          .map(([k, v]) => `${k}=${v}`)
          .join(" "),
      };
    });
  }

  /** Waits until the canary reads one more of its lines back. */
  async findCanary(): Promise<string> {
    if (!this.#args.loki.canary) return "loki.canary is false";
    const [pod] = await this.#readyPods(CANARY_COMPONENT);
    const tunnel = await this.#open(pod, PORTS.canary);
    let before: CanaryCounts | undefined;
    return this.#until("the canary has read none of its lines back", async () => {
      const { body } = await tunnel.request("/metrics", this.#asked({}));
      const counts = canaryCounts(body);
      before ??= counts;
      return counts.found > before.found ? { found: canaryText(counts) } : { missing: canaryText(counts) };
    });
  }

  /** Flushes all writers: only some of them have a copy of the line, and it is not known which. */
  async flush(): Promise<string> {
    const writers = await this.#readyPods("write");
    await Promise.all(
      writers.map(async (pod) => {
        const { status } = await (await this.#open(pod, PORTS.loki)).request("/flush", this.#asked({ method: "POST" }));
        if (status !== 204) throw new Error(`${pod}: flush answers ${status}`);
      }),
    );
    return `${writers.length} writers send their chunks to MinIO`;
  }

  findChunk(): Promise<string> {
    const { objectStorage } = this.#args;
    const missing = `no new chunk in ${objectStorage.bucket}`;
    return this.#until(missing, async () => {
      const found = await newChunk(objectStorage, this.#storage, this.#started, this.#signal);
      return found ? { found } : { missing };
    });
  }

  /** Removes the pod and waits until it is gone. @throws with the command that removes it, if it still exists. */
  async remove(seconds: number): Promise<string> {
    for (const tunnel of this.#tunnels) tunnel.close();
    if (!this.#made) return "no pod was made";
    const { namespace } = this.#args;
    const late = AbortSignal.timeout(seconds * 1000);
    const core = apiWithin(this.#kube, CoreV1Api, late);
    let why = "it is still ending";
    const gone = async (): Promise<void> => {
      for (;;) {
        try {
          await core.deleteNamespacedPod({ name: this.#name, namespace, gracePeriodSeconds: 0 });
        } catch (error) {
          if ((error as { code?: number }).code === 404) return;
          why = apiMessage(error);
        }
        await delay(1000, undefined, { signal: late });
      }
    };
    try {
      await within(late, gone());
    } catch {
      throw new Error(`the pod could not be removed (${why}): kubectl -n ${namespace} delete pod ${this.#name}`);
    }
    return "the pod is gone";
  }

  /** The step before has opened it. */
  get #reader(): Gateway {
    if (!this.#gateway) throw new Error("the login has not been read");
    return this.#gateway;
  }

  #asked(init: RequestInit): RequestInit {
    return { ...init, signal: this.#signal };
  }

  async #open(pod: string, port: number): Promise<Tunnel> {
    const tunnel = await openTunnel(this.#kube, this.#args.namespace, pod, port);
    this.#tunnels.push(tunnel);
    return tunnel;
  }

  #readyPods(part: string): Promise<[string, ...string[]]> {
    return readyPods(this.#core, this.#args.namespace, part);
  }

  /** Asks every two seconds until something is found. @param missing What is still missing, for the message when the time is up. */
  async #until(missing: string, ask: () => Promise<{ found: string } | { missing: string }>): Promise<string> {
    this.#missing = missing;
    for (;;) {
      const answer = await ask();
      this.#missing = "missing" in answer ? answer.missing : "";
      if ("found" in answer) return answer.found;
      await delay(2000, undefined, { signal: this.#signal });
    }
  }
}
