import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { json as readJson } from "node:stream/consumers";
import { READER_LOGIN_LABEL } from "../../../components/gateway/password.ts";
import type { Loose } from "../manifest.ts";
import { type Behaviour, type FakeState, json, READER } from "./state.ts";

const NAMESPACED = "/namespaces/logging";
const WRITERS = ["loki-write-0", "loki-write-1", "loki-write-2"];

/** Nodes with a ready agent. */
const AGENTS = ["aks-app-0", "aks-app-1"];
const nodeOf = (name: string) => ({ metadata: { name, labels: { "kubernetes.io/os": "linux" } } });
const agentOf = (nodeName: string) => ({ spec: { nodeName }, status: { containerStatuses: [{ ready: true }] } });

/** The Kubernetes API: objects of the namespace, and one pod that can be created and deleted. */
export const kubernetesServer = (state: FakeState): Server =>
  createServer((request, response) => {
    const asked = `${request.method} ${request.url?.split("?")[0]}`;
    state.requests.push(asked);
    if (state.behaviour.silent?.test(asked)) return;
    if (request.method === "POST") void createPod(state, request, response);
    else if (request.method === "DELETE") deletePod(state, request, response);
    else {
      if (state.behaviour.nodes === "forbidden" && request.url?.startsWith("/api/v1/nodes"))
        return json(response, 403, { kind: "Status", message: "nodes is forbidden" });
      const object = kubernetesObject(request.url ?? "", state.behaviour);
      json(response, object ? 200 : 404, object ?? { kind: "Status", message: `no ${request.url}` });
    }
  });

async function createPod(state: FakeState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pod: Loose = await readJson(request);
  state.lastPod = pod.metadata.name;
  state.pods.add(state.lastPod);
  json(response, 201, pod);
}

function deletePod(state: FakeState, request: IncomingMessage, response: ServerResponse): void {
  const { deletions: needed = 1 } = state.behaviour;
  const name = request.url?.split("?")[0]?.split("/").pop() ?? "";
  if (needed === "forbidden") json(response, 403, { kind: "Status", message: "not allowed" });
  else if (!state.pods.has(name)) json(response, 404, { kind: "Status", message: "not found" });
  else {
    state.deletionsAsked += 1;
    if (state.deletionsAsked >= needed) state.pods.delete(name);
    json(response, 200, { kind: "Pod" });
  }
}

/** Serves port-forwards of the Kubernetes API to Loki's port. @returns the server of the WebSockets. */
export function tunnels(state: FakeState, kubernetes: Server, lokiPort: number): { clients: Iterable<Loose> } {
  // The WebSocket library that the API client uses, on the other side.
  const { WebSocketServer } = createRequire(import.meta.resolve("@kubernetes/client-node"))("ws") as Loose;
  const sockets = new WebSocketServer({ server: kubernetes, handleProtocols: () => "v4.channel.k8s.io" });
  sockets.on("connection", (tunnel: Loose, request: IncomingMessage) => {
    const upstream = connect(lokiPort, "127.0.0.1");
    const pod = /\/pods\/([^/]+)\/portforward/.exec(request.url ?? "")?.[1] ?? "";
    upstream.on("connect", () => state.podBehind.set(upstream.localPort, pod));
    // Each channel begins with the port.
    for (const channel of [0, 1]) tunnel.send(Buffer.from([channel, 0, 0]));
    tunnel.on("message", (data: Buffer) => upstream.write(data.subarray(1)));
    tunnel.on("close", () => upstream.destroy());
    upstream.on("data", (data) => tunnel.send(Buffer.concat([Buffer.from([0]), data])));
    upstream.on("close", () => tunnel.close());
    upstream.on("error", () => tunnel.close());
  });
  return sockets;
}

/** An object of the namespace, or a list of one kind. */
function kubernetesObject(url: string, { writersReady = 3, nodes = [], agents = [] }: Behaviour): unknown {
  const { pathname, searchParams } = new URL(url, "http://kubernetes");
  if (pathname === "/api/v1/nodes") return { items: [...AGENTS.map(nodeOf), ...(nodes === "forbidden" ? [] : nodes)] };
  if (searchParams.get("labelSelector")?.endsWith("instance=alloy"))
    return { items: [...AGENTS.map(agentOf), ...agents] };
  const [, kind, name] = new RegExp(`${NAMESPACED}/([a-z]+)(?:/(.+))?$`).exec(pathname) ?? [];
  const pods = searchParams.get("labelSelector")?.includes("component=write") ? WRITERS : ["loki-gateway-0"];
  const items = objectsOf(kind ?? "", pods, writersReady);
  if (name) return items.find(({ metadata }) => metadata.name === name);
  return { items: kind === "secrets" ? labelled(items, searchParams.get("labelSelector")) : items };
}

/** Objects that a selector of `key=value` pairs selects. */
function labelled(items: readonly Loose[], selector: string | null): Loose[] {
  const wanted = (selector ?? "").split(",").map((pair) => pair.split("="));
  return items.filter(({ metadata }) => wanted.every(([key = "", value]) => metadata.labels?.[key] === value));
}

function objectsOf(kind: string, pods: readonly string[], writersReady: number): Loose[] {
  switch (kind) {
    case "statefulsets":
      return [workload("loki-write", 3, { envFrom: "minio-credentials" }, { readyReplicas: writersReady })];
    case "deployments":
      return [workload("loki-gateway", 1, { image: "nginx:1" }, { readyReplicas: 1 })];
    case "daemonsets":
      return [workload("alloy", 1, { envFrom: "alloy-login" }, { numberReady: 2, desiredNumberScheduled: 2 })];
    case "secrets":
      return [
        secret("minio-credentials", { MINIO_ACCESS_KEY: "key", MINIO_SECRET_KEY: "secret-key" }),
        secret("alloy-login", { LOKI_USERNAME: "alloy-2", LOKI_PASSWORD: "of-alloy" }),
        // An update that failed in the middle of a rotation leaves both.
        readerLogin("gateway-login-1", "2026-01-01T00:00:00Z", "logging-1", "of-before"),
        readerLogin("gateway-login-2", "2026-02-01T00:00:00Z", READER.user, READER.password),
      ];
    case "pods":
      return pods.map((name) => ({ metadata: { name }, status: { containerStatuses: [{ ready: true }] } }));
    default:
      return [];
  }
}

const workload = (name: string, replicas: number, container: { envFrom?: string; image?: string }, status: object) => ({
  metadata: { name },
  spec: { replicas, template: { spec: { containers: [containerOf(container)] } } },
  status,
});

const containerOf = ({ envFrom, image }: { envFrom?: string; image?: string }) => ({
  name: image ? "nginx" : "c",
  ...(image && { image }),
  ...(envFrom && { envFrom: [{ secretRef: { name: envFrom } }] }),
});

const readerLogin = (name: string, creationTimestamp: string, user: string, password: string) => {
  const { metadata, data } = secret(name, { LOKI_USERNAME: user, LOKI_PASSWORD: password });
  return { metadata: { ...metadata, creationTimestamp, labels: READER_LOGIN_LABEL }, data };
};

const secret = (name: string, values: Record<string, string>) => ({
  metadata: { name },
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
});
