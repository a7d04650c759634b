import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AppsV1Api, CoreV1Api, type KubeConfig, type V1EnvFromSource } from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import { GATEWAY_ENV } from "../../components/gateway/password.ts";
import { STORAGE_ENV } from "../../components/objectStorage/credentials.ts";
import { ALLOY_RELEASE, GATEWAY_SERVICE } from "../../components/releaseNames.ts";
import { apiMessage } from "../cluster/apiMessage.ts";
import { apiWithin, openTunnel, type Tunnel } from "../cluster/clusterApi.ts";
import { newChunk, type StorageKeys } from "./newChunk.ts";

/** How one step went. */
export interface VerifyRow {
  readonly step: string;
  /** `skipped`: a step before it failed, so there was nothing to look at. */
  readonly outcome: "ok" | "failed" | "skipped";
  readonly detail: string;
  readonly seconds: number;
}

/** Options of {@link verifyStack}. */
export interface VerifyOptions {
  /** For all steps together but the last. @default 180 */
  readonly timeoutSeconds?: number;
  /** For removing the pod, whatever time is left. @default 30 */
  readonly cleanUpSeconds?: number;
  /** Ends it early; the pod is removed all the same. Its reason is shown. */
  readonly signal?: AbortSignal;
  /** Hears of every step when it has ended. */
  readonly onRow?: (row: VerifyRow) => void;
}

/** The steps in their order. */
export const VERIFY_STEPS = [
  "workloads ready",
  "Secrets in use",
  "gateway asks for a password",
  "line written",
  "line found through the gateway",
  "flushed",
  "new chunk in the bucket",
  "cleaned up",
] as const;

/**
 * Sends one line the whole way, from a pod to the bucket and back to a reader.
 *
 * @returns a row for every step; it is verified when all of them are `ok`.
 * @throws when the config says that the line would not be collected.
 */
export async function verifyStack(
  args: ResolvedArgs,
  kube: KubeConfig,
  options: VerifyOptions = {},
): Promise<VerifyRow[]> {
  const name = `logging-verify-${randomBytes(6).toString("hex")}`;
  checkCollected(args, name);
  const { timeoutSeconds = 180, cleanUpSeconds = 30, signal } = options;
  const late = new AbortController();
  const watchdog = setTimeout(
    () => late.abort(new Error(`not within ${timeoutSeconds} seconds`)),
    timeoutSeconds * 1000,
  );
  const over = signal ? AbortSignal.any([late.signal, signal]) : late.signal;
  const line = new MarkedLine(args, kube, name, over);
  const steps: Readonly<Record<(typeof VERIFY_STEPS)[number], () => Promise<string>>> = {
    "workloads ready": () => line.workloadsReady(),
    "Secrets in use": () => line.readSecrets(),
    "gateway asks for a password": () => line.askWithoutPassword(),
    "line written": () => line.write(),
    "line found through the gateway": () => line.find(),
    flushed: () => line.flush(),
    "new chunk in the bucket": () => line.findChunk(),
    "cleaned up": () => line.remove(cleanUpSeconds),
  };
  const rows: VerifyRow[] = [];
  let broken = false;
  for (const step of VERIFY_STEPS) {
    const begun = performance.now();
    let [outcome, detail]: [VerifyRow["outcome"], string] = ["skipped", ""];
    // What was made is removed in any case, in a time of its own.
    if (step === "cleaned up" || !broken) {
      try {
        const run = steps[step]();
        [outcome, detail] = ["ok", await (step === "cleaned up" ? run : within(over, run))];
      } catch (error) {
        [outcome, detail] = [
          "failed",
          over.aborted && step !== "cleaned up" ? line.soFar(over.reason) : apiMessage(error),
        ];
      }
    }
    broken ||= outcome === "failed";
    const row = { step, outcome, detail, seconds: Math.round((performance.now() - begun) / 100) / 10 };
    rows.push(row);
    options.onRow?.(row);
  }
  clearTimeout(watchdog);
  return rows;
}

/** The line is written in the stack's own namespace: where Alloy leaves that out, the rest would wait for nothing. */
function checkCollected({ alloy, namespace }: ResolvedArgs, pod: string): void {
  const by = alloy.exclude.find((pattern) => {
    const [excluded, name = "*"] = pattern.split("/");
    // The same * as in Alloy's glob; no other character of a pattern is special there.
    const like = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
    return excluded === namespace && like.test(pod);
  });
  if (by)
    throw new Error(
      `alloy.exclude has ${by}, so Alloy does not collect the line that verify writes in the namespace ${namespace}. ` +
        `fix: exclude what you mean by name: ${namespace}/loki-*, ${namespace}/alloy-*`,
    );
}

/** Ends with the signal, also where what is waited for does not hear it: a login that asks somebody, a socket that is silent. */
function within<T>(over: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(over.reason);
  if (over.aborted) end();
  over.addEventListener("abort", end);
  return Promise.race([work, promise]).finally(() => over.removeEventListener("abort", end));
}

/** A line, the pod that says it, and everything that is asked about it. */
class MarkedLine {
  readonly #args: ResolvedArgs;
  readonly #kube: KubeConfig;
  readonly #name: string;
  readonly #over: AbortSignal;
  readonly #apps: AppsV1Api;
  readonly #core: CoreV1Api;
  readonly #started = new Date();
  readonly #tunnels: Tunnel[] = [];
  #made = false;
  #missing = "";
  #login = { username: "", password: "" };
  #storage: StorageKeys = { accessKey: "", secretKey: "" };

  /** @param name of the pod, and the mark in the line. */
  constructor(args: ResolvedArgs, kube: KubeConfig, name: string, over: AbortSignal) {
    this.#args = args;
    this.#kube = kube;
    this.#name = name;
    this.#over = over;
    this.#apps = apiWithin(kube, AppsV1Api, over);
    this.#core = apiWithin(kube, CoreV1Api, over);
  }

  /** Why it ended, with what it was waiting for. */
  soFar(reason: Error): string {
    return [reason.message, this.#missing].filter(Boolean).join(": ");
  }

  /** Helm ends an update while the last pods, `maxUnavailable` of each kind, are still on their way. */
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
      return ready.every(([, is, wanted]) => is >= wanted) ? { found: counts } : { missing: counts };
    });
  }

  /** The keys that the running pods were given, not those that somebody believes they were given. */
  async readSecrets(): Promise<string> {
    const { namespace } = this.#args;
    const read = async (sources: V1EnvFromSource[] | undefined, keys: { readonly [key: string]: string }) => {
      const name = sources?.find((source) => source.secretRef)?.secretRef?.name;
      if (!name) throw new Error("a workload takes no Secret into its environment");
      const { data = {} } = await this.#core.readNamespacedSecret({ name, namespace });
      return { name, value: (key: string) => Buffer.from(data[keys[key] ?? ""] ?? "", "base64").toString("utf8") };
    };
    const alloy = await this.#apps.readNamespacedDaemonSet({ name: ALLOY_RELEASE, namespace });
    const write = await this.#apps.readNamespacedStatefulSet({ name: "loki-write", namespace });
    const login = await read(alloy.spec?.template.spec?.containers[0]?.envFrom, GATEWAY_ENV);
    const storage = await read(write.spec?.template.spec?.containers[0]?.envFrom, STORAGE_ENV);
    this.#login = { username: login.value("username"), password: login.value("password") };
    this.#storage = { accessKey: storage.value("accessKey"), secretKey: storage.value("secretKey") };
    return `${login.name}, ${storage.name}`;
  }

  async askWithoutPassword(): Promise<string> {
    const { status } = await this.#askGateway("/loki/api/v1/labels");
    if (status !== 401) throw new Error(`the gateway answers ${status} without a password, not 401`);
    return "401 without one";
  }

  /** A pod that says one line and ends. The gateway's image is in the cluster already, also where public registries are not. */
  async write(): Promise<string> {
    const { namespace } = this.#args;
    const gateway = await this.#apps.readNamespacedDeployment({ name: GATEWAY_SERVICE, namespace });
    const spec = gateway.spec?.template.spec;
    const nginx = spec?.containers.find((container) => container.name === "nginx");
    if (!spec || !nginx?.image) throw new Error("the gateway has no nginx container");
    const line = JSON.stringify({ level: "info", message: this.#name });
    // Before it is sent: a request that is given up may have arrived.
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
              resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "32Mi" } },
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
      // By container too: Loki logs the queries it is asked, this one and its mark included.
      query: `{cluster="${cluster.name}", container="verify"} |= \`${this.#name}\``,
      start: `${this.#started.getTime() - 60_000}000000`,
      limit: "10",
    });
    const { username, password } = this.#login;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
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
      const { status, body } = await this.#askGateway(`/loki/api/v1/query_range?${query}`, { authorization });
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
      if (copies !== 1) throw new Error(`the line is there ${copies} times`);
      return {
        found: Object.entries(expected)
          .map(([k, v]) => `${k}=${v}`)
          .join(" "),
      };
    });
  }

  /** All writers: the line is in as many of them as there are copies, and nobody knows in which. */
  async flush(): Promise<string> {
    const writers = await this.#readyPods("write");
    await Promise.all(
      writers.map(async (pod) => {
        const { status } = await (await this.#open(pod, 3100)).request("/flush", this.#asked({ method: "POST" }));
        if (status !== 204) throw new Error(`${pod}: flush answers ${status}`);
      }),
    );
    return `${writers.length} writers send their chunks to MinIO`;
  }

  findChunk(): Promise<string> {
    const { objectStorage } = this.#args;
    const missing = `no new chunk in ${objectStorage.bucket}`;
    return this.#until(missing, async () => {
      const found = await newChunk(objectStorage, this.#storage, this.#started, this.#over);
      return found ? { found } : { missing };
    });
  }

  /** Removes the pod and looks until it is gone. @throws with the command that removes it when it is still there. */
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

  async #askGateway(path: string, headers: Record<string, string> = {}) {
    const [pod] = await this.#readyPods("gateway");
    const tunnel = await this.#open(pod, 8080);
    try {
      return await tunnel.request(path, this.#asked({ headers }));
    } finally {
      tunnel.close();
    }
  }

  #asked(init: RequestInit): RequestInit {
    return { ...init, signal: this.#over };
  }

  async #open(pod: string, port: number): Promise<Tunnel> {
    const tunnel = await openTunnel(this.#kube, this.#args.namespace, pod, port);
    this.#tunnels.push(tunnel);
    return tunnel;
  }

  /** At least one. */
  async #readyPods(component: string): Promise<[string, ...string[]]> {
    const { items } = await this.#core.listNamespacedPod({
      namespace: this.#args.namespace,
      labelSelector: `app.kubernetes.io/component=${component},app.kubernetes.io/name=loki`,
    });
    const [first, ...others] = items
      .filter((pod) => pod.status?.containerStatuses?.every((status) => status.ready))
      .flatMap((pod) => pod.metadata?.name ?? []);
    if (!first) throw new Error(`no ready pod of ${component}`);
    return [first, ...others];
  }

  /** Asks again every two seconds until there is something. `missing` is what is said when the time is up meanwhile. */
  async #until(missing: string, ask: () => Promise<{ found: string } | { missing: string }>): Promise<string> {
    this.#missing = missing;
    for (;;) {
      const answer = await ask();
      this.#missing = "missing" in answer ? answer.missing : "";
      if ("found" in answer) return answer.found;
      await delay(2000, undefined, { signal: this.#over });
    }
  }
}
