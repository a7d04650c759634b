import { createSocket } from "node:dgram";
import { type Answer, decode, encode } from "dns-packet";

/** The records of names: addresses, or ports with host names. */
export interface Records {
  addresses(name: string): readonly string[] | undefined;
  services(name: string): ReadonlyArray<{ readonly target: string; readonly port: number }> | undefined;
}

/** The cluster's DNS: answers for the names in `records`, and answers for all others that they do not exist. */
export function serveNames(address: string, records: Records): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    const { id, questions = [] } = decode(message);
    const answers: Answer[] = [];
    let known = false;
    for (const { name, type } of questions) {
      // Queries may have a trailing dot and any case, and try every entry of the search list.
      const asked = name.toLowerCase().replace(/\.$/, "");
      const addresses = records.addresses(asked);
      const services = records.services(asked);
      known ||= addresses !== undefined || services !== undefined;
      if (type === "A") answers.push(...(addresses ?? []).map((data) => ({ type, name, ttl: 5, data }) as const));
      if (type === "SRV")
        answers.push(
          ...(services ?? []).map(({ target, port }) => ({ type, name, ttl: 5, data: { target, port } }) as const),
        );
    }
    const NXDOMAIN = 3;
    const AUTHORITATIVE = 1 << 10;
    socket.send(
      encode({ type: "response", id, flags: AUTHORITATIVE | (known ? 0 : NXDOMAIN), questions, answers }),
      from.port,
      from.address,
    );
  });
  socket.unref();
  return new Promise((done) => socket.bind(53, address, done));
}
