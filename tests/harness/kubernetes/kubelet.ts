import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { CertificateFiles } from "../certificates.ts";

/** The output of a container: of its current run, and of the run before. */
export interface ContainerLogs {
  readonly current?: string;
  readonly previous?: string;
}

/** The part of a kubelet that serves `kubectl logs`. One for all nodes of a cluster. */
export interface Kubelet {
  readonly port: number;
  /** By `namespace/pod/container`. */
  readonly logs: Map<string, ContainerLogs>;
}

/** Serves the logs that a test puts into `logs`, and 404 for all others. Ends with this process. */
export async function startKubelet(certificate: CertificateFiles): Promise<Kubelet> {
  const logs: Kubelet["logs"] = new Map();
  const server = createServer(
    { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) },
    (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "https://kubelet");
      const container = /^\/containerLogs\/([^/]+\/[^/]+\/[^/]+)$/.exec(pathname)?.[1] ?? "";
      const run = searchParams.get("previous") === "true" ? "previous" : "current";
      const text = logs.get(container)?.[run];
      if (text === undefined) {
        response.writeHead(404).end(`no ${run} run of ${container || pathname}`);
        return;
      }
      response.writeHead(200, { "content-type": "text/plain" }).end(lastLines(text, searchParams.get("tailLines")));
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return { port: (server.address() as AddressInfo).port, logs };
}

const lastLines = (text: string, count: string | null): string =>
  count === null ? text : `${text.trimEnd().split("\n").slice(-Number(count)).join("\n")}\n`;
