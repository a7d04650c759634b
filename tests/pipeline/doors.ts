// How a person's programs reach servers of `npm run local`, which are in network namespaces.
import { connect, createServer, type Server, type Socket } from "node:net";

/** Servers of the stack, by the ports that people expect. */
export const DOOR_PORTS = { gateway: 3100, prometheus: 9090 } as const;

/** Where each is: its port on this machine, and the file of a socket that both namespaces see. */
export type Doors = Readonly<Record<keyof typeof DOOR_PORTS, { readonly port: number; readonly socket: string }>>;

/** A server that sends each connection on. */
const forwarding = (to: () => Socket): Server =>
  createServer((client) => {
    const server = to();
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
  });

/** Outside: listens on a port, or on any other one if it is in use, and forwards to the socket. @returns the port. */
export function openOutside(socket: string, port: number): Promise<number> {
  const server = forwarding(() => connect(socket));
  return new Promise((done) => {
    server.once("error", () => server.listen(0, "127.0.0.1"));
    server.on("listening", () => done((server.address() as { port: number }).port));
    server.listen(port, "127.0.0.1");
  });
}

/** Inside: forwards what comes through the socket to a server of the stack. */
export function openInside(socket: string, host: string, port: number): void {
  forwarding(() => connect(port, host)).listen(socket);
}
