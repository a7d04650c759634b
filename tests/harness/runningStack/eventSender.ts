import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CertificateAuthority, writeServiceAccountKeys } from "../certificates.ts";
import { startApiServer } from "../kubernetes/apiServer.ts";
import { startEtcd } from "../kubernetes/etcd.ts";
import { KubernetesApi } from "../kubernetes/kubernetesApi.ts";
import type { Loose } from "../manifest.ts";
import { plan, resource, stackFile } from "../plannedStack.ts";
import { Pod } from "../pods/pod.ts";
import { freePort, kill, until } from "../processes.ts";
import { onPath, programMissing } from "../programs.ts";
import type { RunningStack } from "./runningStack.ts";

const run = promisify(execFile);

/** Address of the test on the network of the pods. */
const HOST = "10.0.0.1";
const NAME = "alloy-events";
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** After this time, etcd forgets what has changed. A cluster's API server waits five minutes. */
const COMPACTION_SECONDS = 30;

/** Why a test with events cannot run. */
export const eventsMissing = (): string | false =>
  programMissing("alloy") || programMissing("etcd") || programMissing("kube-apiserver");

/**
 * Two API servers of one cluster, and the pod that sends the cluster's events as the stack plans it. The pod uses the first server, with the
 * rights of its ServiceAccount. Everyone else uses the second.
 */
export class EventSender {
  readonly pod: Pod;
  /** The second server. */
  readonly api: KubernetesApi;
  readonly #startFirst: () => Promise<string>;
  readonly #probe: () => Promise<boolean>;

  private constructor(pod: Pod, api: KubernetesApi, startFirst: () => Promise<string>, probe: () => Promise<boolean>) {
    this.pod = pod;
    this.api = api;
    this.#startFirst = startFirst;
    this.#probe = probe;
  }

  /** Starts both servers. Does not start the pod. */
  static async make(running: RunningStack, mask: readonly Loose[] = []): Promise<EventSender> {
    const folder = join(running.folder, "events");
    mkdirSync(folder);
    const program = onPath("kube-apiserver") ?? "";
    const ca = new CertificateAuthority(running.programs.openssl, folder, "kubernetes-ca");
    const shared = {
      ...{
        program,
        folder,
        etcd: await startEtcd({ program: { etcd: onPath("etcd") ?? "" } }, folder),
        prefix: "events",
      },
      ...{ serving: ca.issue("kube-apiserver", undefined, `IP:${HOST}`), ca: ca.certificate },
      ...{ serviceAccounts: writeServiceAccountKeys(folder), token: randomBytes(24).toString("hex"), address: HOST },
      more: [`--etcd-compaction-interval=${COMPACTION_SECONDS}s`],
    };
    const port = await freePort();
    const api = new KubernetesApi(await startApiServer({ ...shared, name: "api-2" }), ca.pem, shared.token);
    const startFirst = (): Promise<string> => startApiServer({ ...shared, name: "api-1", port });
    const first = new KubernetesApi(await startFirst(), ca.pem, shared.token);
    for (const server of [api, first])
      await until("the API server", async () => (await server.call("GET", "/readyz")) === "ok", { timeoutMs: 120_000 });
    const { template, configMaps, token } = await deployEvents(api, mask);
    const account = { token, "ca.crt": ca.pem, namespace: "logging" };
    const environment = { KUBERNETES_SERVICE_HOST: HOST, KUBERNETES_SERVICE_PORT: String(port) };
    const context = {
      ...{ folder: running.folder, programs: running.programs, namespace: "logging", probe: "readiness" as const },
      objects: () => ({
        configMaps: { ...running.stack.objects.configMaps, ...configMaps },
        secrets: { ...running.stack.objects.secrets, account },
      }),
    };
    const pod = new Pod(`${NAME}-0`, "10.244.1.2", withAccount(template, environment), context);
    const { command } = pod.container.livenessProbe.exec;
    const probe = (): Promise<boolean> =>
      run("nsenter", [`--net=/run/netns/${pod.name}`, ...command], { env: { ...process.env, ...environment } }).then(
        () => true,
        () => false,
      );
    return new EventSender(pod, api, startFirst, probe);
  }

  /** Starts the pod and waits until it is ready. */
  async start(): Promise<void> {
    this.pod.start();
    await until("the events' pod", async () => this.pod.ready, { timeoutMs: 60_000 });
  }

  /** The server that the pod uses is away. The other one goes on. */
  stopServer(): Promise<void> {
    return kill("api-1");
  }

  async startServer(): Promise<void> {
    await this.#startFirst();
    await until("the pod's API server", () => this.#probe(), { timeoutMs: 60_000 });
  }

  /** Does what the kubelet does, four times as often: kills a pod whose probe fails, and starts one that has ended. */
  async watchOver(stopped: AbortSignal): Promise<void> {
    const { failureThreshold, periodSeconds } = this.pod.container.livenessProbe;
    for (let failures = 0; !stopped.aborted; await sleep((periodSeconds * 1000) / 4)) {
      if (!this.pod.running) this.pod.start();
      failures = (await this.#probe()) ? 0 : failures + 1;
      if (failures >= failureThreshold) await this.pod.kill();
    }
  }
}

/** Creates what the stack plans for the events, except the Deployment. */
export async function deployEvents(
  api: KubernetesApi,
  mask: readonly Loose[] = [],
): Promise<{ template: Loose; configMaps: Record<string, Record<string, string>>; token: string }> {
  const planned = await plan(
    stackFile((config) => {
      config.alloy = { ...config.alloy, events: { enabled: true }, mask };
    }),
  );
  const inputs = (type: string): Loose => resource(planned, `logging-${NAME}`, `kubernetes:${type}`).inputs;
  await api.create("/api/v1/namespaces", { metadata: { name: "logging" } });
  const accounts = "/api/v1/namespaces/logging/serviceaccounts";
  const rights = "/apis/rbac.authorization.k8s.io/v1";
  await api.create(accounts, inputs("core/v1:ServiceAccount"));
  await api.create(`${rights}/clusterroles`, inputs("rbac.authorization.k8s.io/v1:ClusterRole"));
  await api.create(`${rights}/clusterrolebindings`, inputs("rbac.authorization.k8s.io/v1:ClusterRoleBinding"));
  const { status } = (await api.call("POST", `${accounts}/${NAME}/token`, {
    spec: { expirationSeconds: 7200 },
  })) as Loose;
  return {
    template: inputs("apps/v1:Deployment").spec.template,
    configMaps: { [NAME]: inputs("core/v1:ConfigMap").data },
    token: status.token,
  };
}

/** The pod as it is admitted: with its account's token, and with the API server's address, which the kubelet adds. */
function withAccount(template: Loose, environment: Record<string, string>): Loose {
  const { spec } = template;
  const [container] = spec.containers;
  const added = Object.entries(environment).map(([name, value]) => ({ name, value }));
  return {
    ...template,
    spec: {
      ...spec,
      volumes: [...spec.volumes, { name: "account", secret: { secretName: "account" } }],
      containers: [
        {
          ...container,
          env: [...container.env, ...added],
          volumeMounts: [...container.volumeMounts, { name: "account", mountPath: ACCOUNT, readOnly: true }],
        },
      ],
    },
  };
}
