// npm run local: a whole stack on this machine, with applications that log, until Ctrl-C. The stack runs in separate namespaces
// (localStack.ts). This process forwards connections from the machine's own network to it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enterNamespaces, inNamespaces } from "../harness/runningStack/namespaces.ts";
import { alertsMissing } from "../harness/runningStack/requirements.ts";
import { DOOR_PORTS, type Doors, openOutside } from "./doors.ts";
import { type Part, partToBreak } from "./localArguments.ts";

/** The variable that names the doors inside the namespaces. */
const DOORS = "LOGGING_LOCAL_DOORS";

async function runOutside(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "logging-local-"));
  try {
    const doors: Record<string, Doors[keyof Doors]> = {};
    for (const [name, port] of Object.entries(DOOR_PORTS)) {
      const socket = join(folder, name);
      doors[name] = { socket, port: await openOutside(socket, port) };
    }
    const ended = await enterNamespaces({ [DOORS]: JSON.stringify(doors) });
    if (typeof ended === "number") return ended;
    for (const line of ended.missing) console.error(line);
    return 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runInside(part: Part | undefined): Promise<number> {
  // Loading it takes half a second, which the process outside need not spend.
  const { runLocalStack } = await import("./localStack.ts");
  return runLocalStack(JSON.parse(process.env[DOORS] ?? "{}") as Doors, part);
}

async function main(): Promise<number> {
  const part = partToBreak();
  const missing = part && alertsMissing();
  if (missing) {
    console.error(`--break shows which alerts fire, and no alert can be evaluated here: ${missing}`);
    return 1;
  }
  return inNamespaces() ? runInside(part) : runOutside();
}

process.exit(await main());
