// As much of a cluster as `npm run verify` talks to: a Kubernetes API with tunnels into pods, Loki behind them, and a bucket.
import { once } from "node:events";
import { KubeConfig } from "@kubernetes/client-node";
import { bucketServer } from "./bucketServer.ts";
import { kubernetesServer, tunnels } from "./kubernetesServer.ts";
import { lokiServer } from "./lokiServer.ts";
import { type Behaviour, type FakeState, portOf } from "./state.ts";

export type { Behaviour } from "./state.ts";

/** The running fakes, and what they were asked. */
export interface FakeCluster extends FakeState {
  readonly kube: KubeConfig;
  readonly kubernetesUrl: string;
  readonly minioUrl: string;
  close(): void;
}

/** Starts the fakes of the stack `prod-aks-a`. Everything works unless `behaviour` differs. */
export async function startFakeCluster(behaviour: Behaviour = {}): Promise<FakeCluster> {
  const state: FakeState = {
    ...{
      behaviour,
      pods: new Set<string>(),
      flushed: [],
      requests: [],
      canaryLines: 0,
      pagesListed: 0,
      deletionsAsked: 0,
      lastPod: "",
    },
    podBehind: new Map(),
  };
  const kubernetes = kubernetesServer(state);
  const loki = lokiServer(state);
  const bucket = bucketServer(state);
  const servers = [kubernetes, loki, bucket];
  await Promise.all(servers.map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  const sockets = tunnels(state, kubernetes, portOf(loki));
  const kubernetesUrl = `http://127.0.0.1:${portOf(kubernetes)}`;
  const kube = new KubeConfig();
  kube.loadFromClusterAndUser({ name: "c", server: kubernetesUrl, skipTLSVerify: true }, { name: "u" });
  return Object.assign(state, {
    kube,
    kubernetesUrl,
    minioUrl: `http://127.0.0.1:${portOf(bucket)}`,
    close() {
      for (const client of sockets.clients) client.terminate();
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  });
}
