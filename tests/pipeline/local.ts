// npm run local: a whole stack on this machine, with applications that log, until Ctrl-C. This process is the way in from the machine's
// own network; the stack is in separate namespaces (localStack.ts).
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enterNamespaces, inNamespaces } from "../harness/runningStack/namespaces.ts";

/** A socket file, which no namespace hides. */
const SOCKET = "LOGGING_LOCAL_SOCKET";
const PORT = "LOGGING_LOCAL_PORT";
/** What Loki itself listens on, and so what people expect. */
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
    // Another one where it is taken.
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
  // Here, because it takes half a second that the process outside need not spend.
  const { runLocalStack } = await import("./localStack.ts");
  return runLocalStack({ socket: process.env[SOCKET] ?? "", port: Number(process.env[PORT]) });
}

process.exit(inNamespaces() ? await runStack() : await openTheWayIn());
