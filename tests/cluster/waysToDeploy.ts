// A failing deploy through the project's own command and through the bare CLI: both have to explain the same.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { Finding } from "../../components/findings.ts";
import type { PulumiEngine } from "../harness/pulumi/pulumiEngine.ts";
import { OperationLog } from "./engineEvents.ts";
import { deploy } from "./projectCommand.ts";

/** The end of a deploy, as far as both ways report it. */
export interface Deployed {
  readonly succeeded: boolean;
  readonly findings: ReadonlyArray<Pick<Finding, "subject" | "text" | "fix">>;
  /** The engine's own errors. */
  readonly errors: readonly string[];
  /** All messages of the engine, warnings included. */
  readonly diagnostics: readonly string[];
  /** Steps that changed something, as `update logging-loki`. */
  readonly changes: readonly string[];
}

type Way = (engine: PulumiEngine, stack: string, environment?: Record<string, string>) => Promise<Deployed>;

const byCommand: Way = async (engine, stack, environment = {}) => {
  const { code, outcome, findings, errors, diagnostics, steps } = await deploy(
    engine,
    ["up", "--stack", stack],
    environment,
  );
  if (code !== (outcome === "succeeded" ? 0 : 4)) throw new Error(`exit code ${code}: ${JSON.stringify(findings)}`);
  const changes = steps.map(({ op, name }) => `${op} ${name}`);
  return { succeeded: outcome === "succeeded", findings, errors, diagnostics, changes };
};

const byPulumi: Way = async (engine, stack, environment = {}) => {
  const file = join(engine.project, `../events-${randomUUID()}.jsonl`);
  const { exitCode } = await engine.run(["up", "--yes", "--stack", stack, "--event-log", file], {
    ...environment,
    // The CLI has `--event-log` only with this variable.
    PULUMI_DEBUG_COMMANDS: "true",
  });
  const log = new OperationLog();
  const events = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const messages = events.flatMap((line) => {
    const event = JSON.parse(line) as EngineEvent;
    log.record(event);
    return event.diagnosticEvent ? [event.diagnosticEvent] : [];
  });
  const of = (severity: string) => messages.filter((m) => m.severity === severity).map(({ message }) => message.trim());
  return {
    succeeded: exitCode === 0,
    findings: of("warning").flatMap(findingsIn),
    errors: of("error"),
    diagnostics: log.diagnostics,
    changes: log.changes,
  };
};

/** Both ways by their name. */
export const WAYS: Readonly<Record<string, Way>> = { "npm run deploy": byCommand, "pulumi up": byPulumi };

/** The findings in a warning: `subject: text`, then a line with `→ fix`. */
function findingsIn(warning: string): Deployed["findings"] {
  return [...warning.matchAll(/^(\S.*?): ([\s\S]*?)\n {4}→ (.*)$/gm)].map(([, subject = "", text = "", fix = ""]) => ({
    subject,
    text: text.replaceAll("\n    ", "\n"),
    fix,
  }));
}
