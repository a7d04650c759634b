import { execFileSync } from "node:child_process";
import { connect, createServer, type Socket } from "node:net";

/** This process's address on the cluster's network. */
export const HOST = "10.0.0.1";
export const NAME_SERVER = "10.0.0.10";

const ip = (...args: string[]): void => {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
};

/**
 * Makes the network of the cluster: one bridge in this process's network namespace. It disappears with the process.
 */
export function makeNetwork(): void {
  ip("link", "set", "lo", "up");
  ip("link", "add", "cluster", "type", "bridge");
  for (const address of [HOST, NAME_SERVER]) ip("address", "add", `${address}/8`, "dev", "cluster");
  ip("link", "set", "cluster", "up");
}

let interfaces = 0;

/** Makes a network namespace with one address. @returns its file, for nsenter. */
export function joinNetwork(name: string, address: string): string {
  const link = `v${interfaces++}`;
  ip("netns", "add", name);
  ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name);
  ip("link", "set", link, "master", "cluster", "up");
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "address", "add", `${address}/8`, "dev", "eth0");
  ip("-n", name, "link", "set", "eth0", "up");
  return `/run/netns/${name}`;
}

/** The ready pod to which a Service sends a connection. `undefined` if none is ready. */
export type Endpoint = { readonly address: string; readonly port: number } | undefined;

/** Serves a Service's address like kube-proxy: a connection goes to one ready pod, and is refused if none is ready. */
export function serveAddress(address: string, port: number, next: () => Endpoint): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const endpoint = next();
    if (!endpoint) {
      client.resetAndDestroy();
      return;
    }
    const pod = connect({ ...endpoint, host: endpoint.address, allowHalfOpen: true });
    // Open connections must not keep the run alive.
    for (const socket of [client, pod]) socket.setNoDelay().unref();
    join(client, pod);
    join(pod, client);
  });
  return new Promise((done, failed) => {
    server.once("error", failed);
    server.unref();
    server.listen(port, address, done);
  });
}

/** Adds a Service's address to this machine. */
export const addAddress = (address: string): void => ip("address", "add", `${address}/32`, "dev", "cluster");

function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on("error", () => to.resetAndDestroy());
  from.on("close", () => to.destroy());
}
