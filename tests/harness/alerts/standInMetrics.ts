import { createServer, type Server } from "node:http";
import type { Cluster } from "../pods/cluster.ts";
import { HOST } from "../pods/network.ts";
import type { Pod } from "../pods/pod.ts";
import type { Mountable } from "../pods/volumes.ts";

/** Path of the page of a pod's exporter. */
export const exporterPath = (pod: Pod): string => `/exporters/${pod.name}`;

/** Path of the page of kube-state-metrics. */
export const KUBE_STATE_PATH = "/kube-state-metrics";

/** What the pages are about. */
interface Shown {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly objects: Mountable;
}

/**
 * Metrics of programs that do not run in the tier. An exporter beside nginx or memcached answers as long as its pod runs, and reports
 * nothing: no alert reads its metrics. kube-state-metrics reports the metrics that the alerts read, of the tier's pods and Secrets.
 * https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics
 */
export class StandInMetrics {
  readonly address: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.address = `${HOST}:${(server.address() as { port: number }).port}`;
  }

  static async serve(shown: Shown): Promise<StandInMetrics> {
    const started = Math.floor(Date.now() / 1000);
    const server = createServer((request, response) => {
      const pod = shown.cluster.pods.find((one) => exporterPath(one) === request.url);
      // Nothing listens in a pod that does not run.
      if (pod && !pod.running) return request.socket.destroy();
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
      response.end(request.url === KUBE_STATE_PATH ? kubeStateMetrics(shown, started) : "");
    });
    // It must not keep the run alive.
    server.on("connection", (socket) => socket.unref());
    server.unref();
    await new Promise<void>((done) => server.listen(0, HOST, done));
    return new StandInMetrics(server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function kubeStateMetrics({ cluster, namespace, objects }: Shown, created: number): string {
  const daemonSet = `{namespace="${namespace}",daemonset="alloy"}`;
  const ready = cluster.agents.filter((pod) => pod.ready).length;
  return [
    `kube_daemonset_status_desired_number_scheduled${daemonSet} ${cluster.agents.length}`,
    `kube_daemonset_status_number_ready${daemonSet} ${ready}`,
    ...Object.keys(objects.secrets).map(
      (name) => `kube_secret_created{namespace="${namespace}",secret="${name}"} ${created}`,
    ),
    "",
  ].join("\n");
}
