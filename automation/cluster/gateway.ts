import { AppsV1Api, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import { GATEWAY_ENV } from "../../components/gateway/password.ts";
import { ALLOY_RELEASE } from "../../components/releaseNames.ts";
import { apiWithin } from "./clusterApi.ts";
import { openTunnel, type Tunnel } from "./tunnel.ts";

/** nginx's port in the gateway's pods. */
const PORT = 8080;

/** Loki's HTTP API as a reader sees it, with the login. */
export interface Reader {
  /** @throws when there is no answer. */
  ask(path: string): Promise<{ readonly status: number; readonly body: string }>;
}

/** The gateway of a deployed stack, through a tunnel. */
export class Gateway implements Reader {
  readonly #tunnel: Tunnel;
  readonly #authorization: string;
  readonly #signal: AbortSignal;

  private constructor(tunnel: Tunnel, authorization: string, signal: AbortSignal) {
    this.#tunnel = tunnel;
    this.#authorization = authorization;
    this.#signal = signal;
  }

  /**
   * Opens a tunnel to a ready pod of the gateway, and reads the login that Alloy uses.
   *
   * @param signal Ends every request.
   * @throws when no pod is ready, or when the login cannot be read.
   */
  static async open({ namespace }: ResolvedArgs, kube: KubeConfig, signal: AbortSignal): Promise<Gateway> {
    const core = apiWithin(kube, CoreV1Api, signal);
    const { items } = await core.listNamespacedPod({
      namespace,
      labelSelector: "app.kubernetes.io/component=gateway,app.kubernetes.io/name=loki",
    });
    const pod = items.find(({ status }) => status?.containerStatuses?.every(({ ready }) => ready))?.metadata?.name;
    if (!pod) throw new Error(`no ready pod of the gateway in namespace ${namespace}: has the stack been deployed?`);
    const alloy = await apiWithin(kube, AppsV1Api, signal).readNamespacedDaemonSet({ name: ALLOY_RELEASE, namespace });
    const sources = alloy.spec?.template.spec?.containers[0]?.envFrom;
    const name = sources?.find(({ secretRef }) => secretRef)?.secretRef?.name;
    if (!name) throw new Error(`the DaemonSet ${ALLOY_RELEASE} has no Secret in its environment`);
    const { data = {} } = await core.readNamespacedSecret({ name, namespace });
    const [user, password] = [GATEWAY_ENV.username, GATEWAY_ENV.password].map((key) =>
      Buffer.from(data[key] ?? "", "base64").toString("utf8"),
    );
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    return new Gateway(await openTunnel(kube, namespace, pod, PORT), authorization, signal);
  }

  ask(path: string): Promise<{ readonly status: number; readonly body: string }> {
    return this.#tunnel.request(path, { headers: { authorization: this.#authorization }, signal: this.#signal });
  }

  close(): void {
    this.#tunnel.close();
  }
}
