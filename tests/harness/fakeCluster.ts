// What `npm run verify` talks to, as far as it does: a Kubernetes API with tunnels into pods, Loki behind them, and a bucket.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, connect } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import type { Loose } from "./manifest.ts";

/** How the fakes behave, changed at any time. */
export interface Behaviour {
  /** Requests of the Kubernetes API that are never answered, as `GET /api/v1/…`. */
  silent?: RegExp;
  /** Ready writers of the three. */
  writersReady?: number;
  /** Writers that refuse to flush. */
  cannotFlush?: string;
  /** Whether the line comes to Loki. */
  lineArrives?: boolean;
  /** Labels that Loki has instead of the right ones. */
  labels?: Record<string, string>;
  /** How often the deletion is asked for before the pod is gone; `forbidden` never lets it go. */
  deletions?: number | "forbidden";
  /** The page of the listing, of a bucket without an end, that has an object written just now. */
  newObjectOnPage?: number;
}

/** Everything running, and what it was asked. */
export interface FakeCluster {
  readonly kube: KubeConfig;
  readonly kubernetesUrl: string;
  readonly minioUrl: string;
  readonly behaviour: Behaviour;
  /** Names of pods that were made and are still there. */
  readonly pods: Set<string>;
  readonly flushed: string[];
  readonly requests: string[];
  pagesListed: number;
  close(): void;
}

const NAMESPACED = "/namespaces/logging";
const WRITERS = ["loki-write-0", "loki-write-1", "loki-write-2"];
const CLUSTER = "prod-aks-a";

/** Starts the fakes of the stack `prod-aks-a`, all well unless `behaviour` says otherwise. */
export async function startFakeCluster(behaviour: Behaviour = {}): Promise<FakeCluster> {
  const fake = {
    behaviour,
    pods: new Set<string>(),
    flushed: [] as string[],
    requests: [] as string[],
    pagesListed: 0,
  };
  let deletions = 0;
  let seenPod = "";
  /** Which pod a connection to the fake Loki is meant for, by its local port. */
  const podBehind = new Map<number | undefined, string>();

  const kubernetes = createServer((request, response) => {
    const asked = `${request.method} ${request.url?.split("?")[0]}`;
    fake.requests.push(asked);
    if (behaviour.silent?.test(asked)) return;
    if (request.method === "POST") {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const pod = JSON.parse(body);
        seenPod = pod.metadata.name;
        fake.pods.add(seenPod);
        json(response, 201, pod);
      });
    } else if (request.method === "DELETE") {
      const name = request.url?.split("?")[0]?.split("/").pop() ?? "";
      if (behaviour.deletions === "forbidden") return json(response, 403, { kind: "Status", message: "not allowed" });
      if (!fake.pods.has(name)) return json(response, 404, { kind: "Status", message: "not found" });
      deletions += 1;
      if (deletions >= (behaviour.deletions ?? 1)) fake.pods.delete(name);
      json(response, 200, { kind: "Pod" });
    } else {
      const object = kubernetesObject(request.url ?? "", behaviour.writersReady ?? 3);
      json(response, object ? 200 : 404, object ?? { kind: "Status", message: `no ${request.url}` });
    }
  });
  // The API client's own WebSocket library, on the other side.
  const { WebSocketServer } = createRequire(import.meta.resolve("@kubernetes/client-node"))("ws") as Loose;
  const sockets = new WebSocketServer({ server: kubernetes, handleProtocols: () => "v4.channel.k8s.io" });
  sockets.on("connection", (tunnel: Loose, request: IncomingMessage) => {
    const upstream = connect(portOf(loki), "127.0.0.1");
    const pod = /\/pods\/([^/]+)\/portforward/.exec(request.url ?? "")?.[1] ?? "";
    upstream.on("connect", () => podBehind.set(upstream.localPort, pod));
    // Channel, then the port, before anything else.
    for (const channel of [0, 1]) tunnel.send(Buffer.from([channel, 0, 0]));
    tunnel.on("message", (data: Buffer) => upstream.write(data.subarray(1)));
    tunnel.on("close", () => upstream.destroy());
    upstream.on("data", (data) => tunnel.send(Buffer.concat([Buffer.from([0]), data])));
    upstream.on("close", () => tunnel.close());
    upstream.on("error", () => tunnel.close());
  });

  const loki = createServer((request, response) => {
    const pod = podBehind.get(request.socket.remotePort) ?? "";
    fake.requests.push(`${request.method} ${request.url?.split("?")[0]}`);
    if (request.method === "POST" && request.url === "/flush") {
      if (pod === behaviour.cannotFlush) return json(response, 500, {});
      fake.flushed.push(pod);
      response.writeHead(204).end();
    } else if (!request.headers.authorization) json(response, 401, {});
    else {
      const stream = {
        ...{ cluster: CLUSTER, env: "prod", namespace: "logging", container: "verify", pod: seenPod, level: "info" },
        ...behaviour.labels,
      };
      const arrived = behaviour.lineArrives !== false && seenPod;
      json(response, 200, { data: { result: arrived ? [{ stream, values: [["1", "line"]] }] : [] } });
    }
  });

  const minio = createServer((request, response) => {
    const query = new URL(request.url ?? "", "http://minio").searchParams;
    if (query.get("prefix") !== "fake/") return json(response, 400, {});
    const page = Number(/\d+$/.exec(query.get("continuation-token") ?? "1")?.[0]);
    fake.pagesListed += 1;
    response
      .writeHead(200, { "content-type": "application/xml" })
      .end(listing(page, behaviour.newObjectOnPage === page));
  });

  await Promise.all([kubernetes, loki, minio].map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  const kube = new KubeConfig();
  const kubernetesUrl = `http://127.0.0.1:${portOf(kubernetes)}`;
  kube.loadFromClusterAndUser({ name: "c", server: kubernetesUrl, skipTLSVerify: true }, { name: "u" });
  return Object.assign(fake, {
    kube,
    kubernetesUrl,
    minioUrl: `http://127.0.0.1:${portOf(minio)}`,
    close() {
      for (const client of sockets.clients) client.terminate();
      for (const server of [kubernetes, loki, minio]) {
        server.close();
        server.closeAllConnections();
      }
    },
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function kubernetesObject(url: string, writersReady: number): unknown {
  const { pathname, searchParams } = new URL(url, "http://kubernetes");
  const [, kind, name] = new RegExp(`${NAMESPACED}/([a-z]+)(?:/(.+))?$`).exec(pathname) ?? [];
  const envFrom = (secret: string) => ({
    template: { spec: { containers: [{ name: "c", envFrom: [{ secretRef: { name: secret } }] }] } },
  });
  const objects: Record<string, Loose[]> = {
    statefulsets: [
      {
        metadata: { name: "loki-write" },
        spec: { replicas: 3, ...envFrom("minio-credentials") },
        status: { readyReplicas: writersReady },
      },
    ],
    deployments: [
      {
        metadata: { name: "loki-gateway" },
        spec: { replicas: 1, template: { spec: { containers: [{ name: "nginx", image: "nginx:1" }] } } },
        status: { readyReplicas: 1 },
      },
    ],
    daemonsets: [
      {
        metadata: { name: "alloy" },
        spec: envFrom("gateway-login"),
        status: { numberReady: 2, desiredNumberScheduled: 2 },
      },
    ],
    secrets: [
      {
        metadata: { name: "minio-credentials" },
        data: base64({ MINIO_ACCESS_KEY: "key", MINIO_SECRET_KEY: "secret-key" }),
      },
      { metadata: { name: "gateway-login" }, data: base64({ LOKI_USERNAME: "logging-1", LOKI_PASSWORD: "password" }) },
    ],
    pods: (searchParams.get("labelSelector")?.includes("component=write") ? WRITERS : ["loki-gateway-0"]).map(
      (pod) => ({
        metadata: { name: pod },
        status: { containerStatuses: [{ ready: true }] },
      }),
    ),
  };
  const items = objects[kind ?? ""] ?? [];
  return name ? items.find(({ metadata }) => metadata.name === name) : { items };
}

const base64 = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));

/** A page of a thousand keys, as MinIO writes it, and always another after it. */
function listing(page: number, withNewObject: boolean): string {
  const keys = Array.from({ length: 1000 }, (_, i) => {
    const time = withNewObject && i === 500 ? new Date() : new Date("2025-06-01T00:00:00Z");
    return `<Contents><Key>fake/${page}/${i}:1:2</Key><LastModified>${time.toISOString()}</LastModified><ETag>"e"</ETag><Size>1</Size></Contents>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>loki-prod-aks-a</Name><Prefix>fake/</Prefix><KeyCount>1000</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated><NextContinuationToken>page-${page + 1}</NextContinuationToken>${keys.join("")}</ListBucketResult>`;
}
