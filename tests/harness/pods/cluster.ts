import type { Manifest } from "../../../components/helm/manifest.ts";
import type { Loose } from "../manifest.ts";
import { until } from "../processes.ts";
import { serveNames } from "./nameServer.ts";
import { addAddress, type Endpoint, NAME_SERVER, serveAddress } from "./network.ts";
import type { PodContext } from "./node.ts";
import { Pod } from "./pod.ts";

/** A component of Loki's release, by its label. */
export type Component =
  | "write"
  | "read"
  | "backend"
  | "gateway"
  | "canary"
  | "memcached-chunks-cache"
  | "memcached-results-cache";

/** The pods and Services of a stack's manifests, with names and addresses. */
export class Cluster {
  readonly pods: readonly Pod[];
  /** Address of the Service that Alloy and readers use. */
  readonly gatewayAddress: string;
  readonly #namespace: string;
  readonly #services: Loose[];
  readonly #addresses = new Map<string, string>();
  #turn = 0;

  private constructor(manifests: readonly Manifest[], context: PodContext, nodes: number) {
    this.#namespace = context.namespace;
    this.#services = manifests.filter(({ kind }) => kind === "Service");
    let last = 1;
    this.pods = manifests.flatMap((manifest: Loose) => {
      const names = podNames(manifest, nodes);
      return names.map((name, i) => {
        const node = manifest.kind === "DaemonSet" ? i : 0;
        return new Pod(name, `10.244.0.${++last}`, manifest.spec.template, context, node);
      });
    });
    let service = 1;
    for (const { metadata, spec } of this.#services)
      if (spec.clusterIP !== "None") this.#addresses.set(metadata.name, `10.0.1.${service++}`);
    this.gatewayAddress = this.#addresses.get("loki-gateway") ?? "";
  }

  /**
   * Gives all pods and Services names and addresses. Starts no pod.
   *
   * @param hosts addresses of names outside of the cluster.
   * @param nodes how many nodes log. Default: 1.
   */
  static async make(
    manifests: readonly Manifest[],
    context: PodContext,
    hosts: Readonly<Record<string, string>>,
    nodes = 1,
  ): Promise<Cluster> {
    const cluster = new Cluster(manifests, context, nodes);
    await serveNames(NAME_SERVER, {
      addresses: (name) => (hosts[name] ? [hosts[name]] : cluster.#resolve(name)),
      services: (name) => cluster.#ports(name),
    });
    for (const { metadata, spec } of cluster.#services) {
      const address = cluster.#addresses.get(metadata.name);
      if (!address) continue;
      addAddress(address);
      for (const { port, targetPort } of spec.ports)
        await serveAddress(address, port, () => cluster.#endpoint(spec, targetPort));
    }
    return cluster;
  }

  /** Pods of one of Loki's components. */
  component(...components: Component[]): Pod[] {
    return this.pods.filter((pod) => components.includes(pod.labels["app.kubernetes.io/component"] as Component));
  }

  /** The Alloy pods, one on each node that logs. */
  get agents(): Pod[] {
    return this.pods.filter((pod) => pod.labels["app.kubernetes.io/name"] === "alloy");
  }

  /** The Alloy pod on the first node. */
  get alloy(): Pod {
    const [found] = this.agents;
    if (!found) throw new Error("the manifests have no Alloy");
    return found;
  }

  /** Loki without its gateway. */
  get loki(): Pod[] {
    return this.component("write", "read", "backend");
  }

  async waitUntilReady(pods: readonly Pod[], timeoutMs = 180_000): Promise<void> {
    await Promise.all(
      pods.map(async (pod) => {
        try {
          await until(`${pod.name} ready`, async () => pod.ready, { timeoutMs });
        } catch (error) {
          throw new Error(`${(error as Error).message}; the end of its log:\n${pod.tail()}`);
        }
      }),
    );
  }

  /** Pods that a Service selects. */
  #selected(spec: Loose, ready: boolean): Pod[] {
    return this.pods.filter(
      (pod) =>
        (ready ? pod.ready : pod.running) &&
        Object.entries(spec.selector).every(([name, value]) => pod.labels[name] === value),
    );
  }

  #endpoint(spec: Loose, targetPort: string | number): Endpoint {
    const pods = this.#selected(spec, true);
    const pod = pods[this.#turn++ % Math.max(pods.length, 1)];
    return pod && { address: pod.address, port: pod.port(targetPort) };
  }

  #service(name: string): Loose {
    return this.#services.find(({ metadata }) => name === `${metadata.name}.${this.#namespace}.svc.cluster.local`);
  }

  #resolve(name: string): string[] | undefined {
    if (name === "kube-dns.kube-system.svc.cluster.local") return [NAME_SERVER];
    const [first = "", ...rest] = name.split(".");
    const pod = this.pods.find((p) => p.name === first);
    if (pod && this.#service(rest.join("."))) return [pod.address];
    const service = this.#service(name);
    if (!service) return undefined;
    const own = this.#addresses.get(service.metadata.name);
    if (own) return [own];
    return this.#selected(service.spec, service.spec.publishNotReadyAddresses !== true).map((p) => p.address);
  }

  /** `_port._tcp.service`: every pod behind a headless Service. */
  #ports(name: string): Array<{ target: string; port: number }> | undefined {
    const [, portName, host = ""] = /^_([^.]+)\._tcp\.(.+)$/.exec(name) ?? [];
    const service = this.#service(host);
    const port = service?.spec.ports.find((p: Loose) => p.name === portName);
    if (!port) return undefined;
    return this.#selected(service.spec, service.spec.publishNotReadyAddresses !== true).map((pod) => ({
      target: `${pod.name}.${host}`,
      port: pod.port(port.targetPort),
    }));
  }
}

/** The names that a controller would give to the pods of an object. */
function podNames({ kind, metadata, spec }: Loose, nodes: number): string[] {
  if (!["StatefulSet", "Deployment", "DaemonSet"].includes(kind)) return [];
  const length = kind === "DaemonSet" ? nodes : (spec.replicas ?? 1);
  return Array.from({ length }, (_, i) => `${metadata.name}-${i}`);
}
