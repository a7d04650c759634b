import { createServer, type Socket } from "node:net";
import { Writable } from "node:stream";
import { type KubeConfig, PortForward } from "@kubernetes/client-node";

/** A pod's HTTP port, through the API server. */
export interface Tunnel {
  /** Waits 20 seconds for an answer. @throws with the tunnel's reason, if the tunnel is why there is no answer. */
  request(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: string }>;
  /** Closes the tunnel, and every request in it. */
  close(): void;
}

/** Opens a tunnel to a port of a pod, as `kubectl port-forward` does. */
export async function openTunnel(config: KubeConfig, namespace: string, pod: string, port: number): Promise<Tunnel> {
  const forward = new PortForward(config);
  let reason: string | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // The kubelet reports errors on a separate stream: a refused connection, a deleted pod.
    const errors = new Writable({
      write(chunk, _encoding, done) {
        reason = String(chunk).trim();
        done();
      },
    });
    forward.portForward(namespace, pod, [port], socket, errors, socket).catch((error: Error) => {
      reason = error.message;
      socket.destroy();
    });
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no local port for the tunnel");
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    async request(path, init = {}) {
      reason = undefined;
      try {
        const response = await fetch(`http://127.0.0.1:${address.port}${path}`, {
          ...init,
          signal: AbortSignal.any([AbortSignal.timeout(20_000), ...(init.signal ? [init.signal] : [])]),
        });
        return { status: response.status, body: await response.text() };
      } catch (error) {
        const { message, cause } = error as { message: string; cause?: { message?: string } };
        throw new Error(`no answer from ${pod}:${port}: ${reason || cause?.message || message}`);
      }
    },
  };
}
