// npm run deploy -- up|destroy|refresh --stack S... [--all]: stacks one after the other over the Automation API. The operations
// themselves are a library, deploy/operations.ts.
import { writeFileSync } from "node:fs";
import { styleText } from "node:util";
import { findingLines } from "../../components/findings.ts";
import { checkFailOn, checkReportOptions } from "../changes/publish.ts";
import { reportMarkdown, reportText } from "../changes/reportText.ts";
import type { DestroyPlan, PlannedStep } from "../deploy/destroyPlan.ts";
import {
  destroy,
  type Operation,
  type OperationEvent,
  type OperationResult,
  type Outcome,
  refresh,
  up,
} from "../deploy/operations.ts";
import { stackNames } from "../plan/stackFiles.ts";
import { stackSettings } from "../plan/stackSettings.ts";
import { readCommandLine } from "./commandLine.ts";
import { reportAndExit } from "./reportAndExit.ts";

/** Exit codes; the worst of several stacks counts, in the order of this list. */
const EXIT_CODES: Readonly<Record<Outcome, number>> = { succeeded: 0, refused: 2, stopped: 3, failed: 4, cancelled: 5 };

const PHASES = { guards: "is it the right cluster and bucket?", preview: "preview", update: "update" } as const;

/** Options that mean something to one operation only. */
const OWN_OPTIONS = {
  up: ["fail-on", "accept-destructive", "markdown"],
  destroy: ["keep-bucket"],
  refresh: ["clear-pending-creates"],
} as const;

const USAGE = `usage: npm run deploy -- up|destroy|refresh --stack STACK... | --all
  up        preview, verdict, update; [--fail-on restarts|disruptive] [--accept-destructive] [--markdown FILE]
  destroy   what goes and what stays, then does it; refused while something protected is in it; [--keep-bucket] takes all but that
  refresh   reads what is there into the state; refused while it cannot be seen; [--clear-pending-creates] after a killed deploy
  --json    one JSON event a line instead of text
exit codes: 0 done, 1 usage or config, 2 refused by a guard rail, 3 stopped at the verdict, 4 failed, 5 cancelled
stacks: ${stackNames().join(", ")}`;

try {
  const { values, positionals } = readCommandLine(USAGE, {
    stack: { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    "fail-on": { type: "string" },
    "accept-destructive": { type: "boolean", default: false },
    "keep-bucket": { type: "boolean", default: false },
    "clear-pending-creates": { type: "boolean", default: false },
    markdown: { type: "string" },
  });
  const [operation] = positionals;
  const stacks = values.all ? stackNames() : [...new Set(values.stack)];
  if (positionals.length !== 1 || !isOperation(operation)) throw new Error(USAGE);
  if (stacks.length === 0 || (values.all && values.stack.length > 0)) throw new Error(USAGE);
  // One that does nothing is one that somebody relies on.
  for (const [of, options] of Object.entries(OWN_OPTIONS))
    for (const option of options)
      if (values[option] && of !== operation) throw new Error(`--${option} is for ${of} alone\n${USAGE}`);
  checkReportOptions({ markdown: values.markdown });
  // All of them before the first: a name mistyped in the middle would leave half of the stacks deployed.
  for (const stack of stacks) await stackSettings(stack);
  const failOn = checkFailOn(values["fail-on"]);
  const options = { onEvent: values.json ? printJson : printText, ...interruptions() };
  const run = (stack: string): Promise<OperationResult> => {
    switch (operation) {
      case "up":
        return up(stack, { ...options, ...(failOn && { failOn }), acceptDestructive: values["accept-destructive"] });
      case "destroy":
        return destroy(stack, { ...options, keepBucket: values["keep-bucket"] });
      case "refresh":
        return refresh(stack, { ...options, clearPendingCreates: values["clear-pending-creates"] });
    }
  };
  const results: OperationResult[] = [];
  for (const stack of stacks) {
    const result = await run(stack);
    results.push(result);
    if (values.json) printJson({ event: "result", ...result, report: undefined });
    else printResult(result);
    // A fault of one stack is mostly one of all: the next would break in the same way.
    if (result.outcome !== "succeeded") break;
  }
  if (values.markdown)
    writeFileSync(
      values.markdown,
      results.flatMap(({ report }) => (report ? [reportMarkdown(report)] : [])).join("\n"),
    );
  const left = stacks.slice(results.length);
  if (left.length > 0 && !values.json) console.log(`not begun: ${left.join(", ")}`);
  process.exitCode = Math.max(...results.map(({ outcome }) => EXIT_CODES[outcome]));
} catch (error) {
  reportAndExit(error);
}

/** Interrupts the engine when this process is. At a terminal, Ctrl-C reaches the engine by itself. */
function interruptions(): { signal: AbortSignal; told: AbortSignal } {
  const [asked, told] = [new AbortController(), new AbortController()];
  process.on("SIGINT", () => (process.stdin.isTTY ? told : asked).abort());
  process.on("SIGTERM", () => asked.abort());
  return { signal: asked.signal, told: told.signal };
}

function isOperation(text: string | undefined): text is Operation {
  return text === "up" || text === "destroy" || text === "refresh";
}

function printJson(event: object): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), ...event }));
}

function printText(event: OperationEvent): void {
  switch (event.event) {
    case "phase":
      console.log(styleText("dim", `${event.stack}: ${PHASES[event.phase]}`));
      break;
    case "report":
      console.log(reportText(event.report, process.stdout.isTTY === true));
      break;
    case "plan":
      for (const line of planLines(event.plan)) console.log(line);
      break;
    case "ended":
      console.log(
        `  ${event.failed ? "✖" : "✔"} ${event.op} ${event.name} (${shortType(event.type)}) ${event.seconds} s`,
      );
      break;
    case "started":
      console.log(styleText("dim", `  … ${event.op} ${event.name} (${shortType(event.type)})`));
      break;
    case "diagnostic":
      if (event.severity !== "info") console.log(`  ${event.severity}: ${event.message}`);
  }
}

function planLines({ goes, stays }: DestroyPlan): string[] {
  const line = (sign: string) => (step: PlannedStep) => `    ${sign} ${step.name} (${shortType(step.type)})`;
  return [
    `  ${goes.length === 0 ? "nothing goes" : `goes: ${goes.length} resources`}`,
    ...goes.map(line("-")),
    ...(stays.length > 0 ? ["  stays, because it is protected:", ...stays.map(line("="))] : []),
  ];
}

// A declaration, as all below the `await`s above: a constant would not be there yet when the first event is.
function shortType(type: string): string {
  return type.split(":").pop() ?? type;
}

function printResult({ stack, operation, outcome, seconds, steps, findings, errors }: OperationResult): void {
  console.log(`\n${stack}: ${operation} ${outcome} in ${seconds} s`);
  const slowest = steps.toSorted((a, b) => b.seconds - a.seconds).slice(0, 5);
  if (steps.length > 0)
    console.log(
      `  ${steps.length} steps; the longest: ${slowest.map((step) => `${step.name} ${step.seconds} s`).join(", ")}`,
    );
  for (const error of errors.slice(0, 3)) console.log(`  ${error.replaceAll("\n", "\n  ")}`);
  for (const line of findingLines(findings)) console.log(`  ${line}`);
}
