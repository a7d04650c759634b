import { CoreV1Api, type KubeConfig, type V1Secret } from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import { GATEWAY_ENV, READER_LOGIN_LABEL } from "../../components/gateway/password.ts";
import { PORTS } from "../../components/network/networkPolicies.ts";
import { apiWithin } from "./clusterApi.ts";
import { readyPods } from "./lokiPods.ts";
import { openTunnel } from "./tunnel.ts";

/** What Loki's HTTP API answers. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Loki's HTTP API as a reader sees it, with the login. */
export interface Reader {
  /** @throws when there is no answer. */
  ask(path: string): Promise<Answer>;
}

/** The gateway of a deployed stack, as a reader sees it. Each request goes through a tunnel to a pod that is ready then. */
export class Gateway implements Reader {
  /** Name of the Secret with the login. */
  readonly secretName: string;
  readonly #kube: KubeConfig;
  readonly #namespace: string;
  readonly #authorization: string;
  readonly #signal: AbortSignal;

  private constructor(kube: KubeConfig, namespace: string, login: V1Secret, signal: AbortSignal) {
    const [user, password] = [GATEWAY_ENV.username, GATEWAY_ENV.password].map((key) =>
      Buffer.from(login.data?.[key] ?? "", "base64").toString("utf8"),
    );
    this.secretName = login.metadata?.name ?? "";
    this.#kube = kube;
    this.#namespace = namespace;
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    this.#signal = signal;
  }

  /**
   * Reads the login of readers, which may not write.
   *
   * @param signal Ends every request.
   * @throws when the login cannot be read.
   */
  static async open(
    { namespace }: Pick<ResolvedArgs, "namespace">,
    kube: KubeConfig,
    signal: AbortSignal,
  ): Promise<Gateway> {
    const labelSelector = Object.entries(READER_LOGIN_LABEL)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const { items } = await apiWithin(kube, CoreV1Api, signal).listNamespacedSecret({ namespace, labelSelector });
    // An update that failed in the middle of a rotation leaves two. The gateway accepts both.
    const [newest] = items.sort((a, b) => created(b) - created(a));
    if (!newest)
      throw new Error(
        `no Secret with the label ${labelSelector} in namespace ${namespace}: has the stack been deployed with this version?`,
      );
    return new Gateway(kube, namespace, newest, signal);
  }

  ask(path: string): Promise<Answer> {
    return this.#request(path, { authorization: this.#authorization });
  }

  askWithoutLogin(path: string): Promise<Answer> {
    return this.#request(path, {});
  }

  async #request(path: string, headers: Record<string, string>): Promise<Answer> {
    const [pod] = await readyPods(apiWithin(this.#kube, CoreV1Api, this.#signal), this.#namespace, "gateway");
    const tunnel = await openTunnel(this.#kube, this.#namespace, pod, PORTS.gateway);
    try {
      return await tunnel.request(path, { headers, signal: this.#signal });
    } finally {
      tunnel.close();
    }
  }
}

const created = ({ metadata }: V1Secret): number => metadata?.creationTimestamp?.getTime() ?? 0;
