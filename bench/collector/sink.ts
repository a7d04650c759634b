import { createServer } from "node:http";

/** Takes all that collectors send, as Loki's gateway would. */
export interface Sink {
  /** Requests and bytes of their bodies since the last call. */
  readonly taken: () => { requests: number; bytes: number };
}

/** @param port of this machine. */
export async function startSink(port: number): Promise<Sink> {
  let [requests, bytes] = [0, 0];
  const server = createServer((request, response) => {
    request.on("data", (data: Buffer) => {
      bytes += data.length;
    });
    request.on("end", () => {
      requests++;
      // Loki answers a push without a body, and OTLP asks for its own media type.
      if (request.url?.includes("otlp")) response.writeHead(200, { "content-type": "application/x-protobuf" });
      else response.writeHead(204);
      response.end();
    });
  });
  await new Promise<void>((done) => server.listen(port, done));
  return {
    taken: () => {
      const taken = { requests, bytes };
      [requests, bytes] = [0, 0];
      return taken;
    },
  };
}
