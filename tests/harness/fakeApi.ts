import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";
import { json, portOf } from "./fakeCluster/state.ts";
import type { Loose } from "./manifest.ts";

/** An answer of the API server: an object, or a status with a message. */
export type ApiAnswer = Loose | { readonly status: number; readonly message: string };

/** Kinds that the client looks up before it creates one. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  "/api/v1": ["Pod", "Namespace"],
  "/apis/apps/v1": ["DaemonSet", "Deployment", "StatefulSet"],
};

/** A Kubernetes API that a test answers for. What it does not answer is not found. */
export async function startFakeApi(answer: (asked: string, body: Loose) => ApiAnswer | undefined) {
  const server = createServer(async (request, response) => {
    const sent = await text(request);
    const { pathname } = new URL(request.url ?? "", "http://api");
    const kinds = KINDS[pathname]?.map((kind) => ({
      name: `${kind.toLowerCase()}s`,
      kind,
      namespaced: kind !== "Namespace",
      verbs: [],
    }));
    const found = kinds ? { resources: kinds } : answer(`${request.method} ${request.url}`, sent && JSON.parse(sent));
    if (found === undefined) json(response, 404, { kind: "Status", message: `no ${pathname}` });
    else if (typeof found.status === "number") json(response, found.status, { kind: "Status", ...found });
    else json(response, 200, found);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const kube = new KubeConfig();
  const url = `http://127.0.0.1:${portOf(server)}`;
  kube.loadFromClusterAndUser({ name: "c", server: url, skipTLSVerify: true }, { name: "u" });
  return {
    kube,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
