// npm run local: a whole stack on this machine, with applications that log, until Ctrl-C. The stack runs in separate namespaces
// (localStack.ts). This process forwards connections from the machine's own network to it.
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enterNamespaces, inNamespaces } from "../harness/runningStack/namespaces.ts";

/** Path of a socket file. Both namespaces see it. */
const SOCKET = "LOGGING_LOCAL_SOCKET";
const PORT = "LOGGING_LOCAL_PORT";
/** Loki's own port, which people expect. */
const LOKI_PORT = 3100;

async function openTheWayIn(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "logging-local-"));
  const socket = join(folder, "gateway");
  const server = createServer((client) => {
    const gateway = connect(socket);
    client.pipe(gateway).pipe(client);
    client.on("error", () => gateway.destroy());
    gateway.on("error", () => client.destroy());
  });
  const port = await new Promise<number>((done) => {
    // The port is in use: take any other one.
    server.once("error", () => server.listen(0, "127.0.0.1"));
    server.on("listening", () => done((server.address() as { port: number }).port));
    server.listen(LOKI_PORT, "127.0.0.1");
  });
  try {
    const ended = await enterNamespaces({ [SOCKET]: socket, [PORT]: String(port) });
    if (typeof ended === "number") return ended;
    for (const line of ended.missing) console.error(line);
    return 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runStack(): Promise<number> {
  // Loading it takes half a second, which the process outside need not spend.
  const { runLocalStack } = await import("./localStack.ts");
  return runLocalStack({ socket: process.env[SOCKET] ?? "", port: Number(process.env[PORT]) });
}

process.exit(inNamespaces() ? await runStack() : await openTheWayIn());
