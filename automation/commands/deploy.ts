// npm run deploy -- up|destroy|refresh --stack S... [--all]: stacks one after the other over the Automation API. The operations
// themselves are a library, deploy/operations.ts.
import { checkFailOn, checkReportOptions, writeReport } from "../changes/publish.ts";
import { reportMarkdown } from "../changes/reportText.ts";
import { destroy, type Operation, type OperationResult, type Outcome, refresh, up } from "../deploy/operations.ts";
import { eventText, resultText } from "../deploy/operationText.ts";
import { shortName, stackNames } from "../plan/stackFiles.ts";
import { stackSettings } from "../plan/stackSettings.ts";
import { defineCommand, runAsProcess, UsageError } from "./defineCommand.ts";

/** Exit codes; the highest of several stacks counts. */
const EXIT_CODES: Readonly<Record<Outcome, number>> = { succeeded: 0, refused: 2, stopped: 3, failed: 4, cancelled: 5 };

const usage = () => `usage: npm run deploy -- up|destroy|refresh --stack STACK... | --all
  up        previews, checks the verdict, updates; [--fail-on restarts|disruptive] [--accept-destructive] [--markdown FILE]
  destroy   lists what is deleted and what stays, then deletes it; refused while something is protected; [--keep-bucket] keeps only that
  refresh   reads the real resources into the state; refused while they cannot be read; [--clear-pending-creates] after a killed deploy
  --json    prints one JSON event per line instead of text
exit codes: 0 done, 1 usage or config, 2 refused by a guard rail, 3 stopped at the verdict, 4 failed, 5 cancelled
stacks: ${stackNames().join(", ")}`;

const OPTIONS = {
  stack: { type: "string", multiple: true, default: [] as string[] },
  all: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  "fail-on": { type: "string" },
  "accept-destructive": { type: "boolean", default: false },
  "keep-bucket": { type: "boolean", default: false },
  "clear-pending-creates": { type: "boolean", default: false },
  markdown: { type: "string" },
} as const;

/** Options of one operation only. Elsewhere they would do nothing, and the caller expects them to do something. */
const OWN_OPTIONS = {
  up: ["fail-on", "accept-destructive", "markdown"],
  destroy: ["keep-bucket"],
  refresh: ["clear-pending-creates"],
} as const satisfies Record<Operation, ReadonlyArray<keyof typeof OPTIONS>>;

export const main = defineCommand(usage, OPTIONS, async ({ values, positionals }) => {
  const [operation, ...others] = positionals;
  const stacks = values.all
    ? stackNames()
    : [...new Map(values.stack.map((stack) => [shortName(stack), stack])).values()];
  if (!isOperation(operation))
    throw new UsageError(
      `${operation === undefined ? "what to do is missing" : operation}: allowed are up, destroy and refresh`,
    );
  if (others.length > 0)
    throw new UsageError(`${others.join(" ")}: stacks are named by --stack, as in --stack ${others[0]}`);
  if (stacks.length === 0) throw new UsageError("--stack STACK or --all is missing");
  if (values.all && values.stack.length > 0) throw new UsageError("--stack and --all: only one of them is allowed");
  for (const [owner, options] of Object.entries(OWN_OPTIONS))
    for (const option of options)
      if (values[option] && owner !== operation) throw new UsageError(`--${option} is for ${owner} alone`);
  checkReportOptions({ markdown: values.markdown });
  // All stacks before the first deploy: a mistyped name would otherwise leave half of them deployed.
  for (const stack of stacks) await stackSettings(stack);
  const failOn = checkFailOn(values["fail-on"]);
  const print = (json: object, text: string | undefined): void => {
    if (values.json) console.log(JSON.stringify({ time: new Date().toISOString(), ...json }));
    else if (text !== undefined) console.log(text);
  };
  const interrupts = interruptSignals();
  const options = {
    onEvent: (event: Parameters<typeof eventText>[0]) => print(event, eventText(event)),
    ...interrupts.signals,
  };
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
  try {
    for (const stack of stacks) {
      const result = await run(stack);
      results.push(result);
      print({ event: "result", ...result, report: undefined }, resultText(result));
      // What fails in one stack would most likely fail in the next.
      if (result.outcome !== "succeeded") break;
    }
  } finally {
    interrupts.stop();
  }
  const reports = results.flatMap(({ report }) => (report ? [reportMarkdown(report)] : []));
  const left = stacks.slice(results.length);
  if (left.length > 0 && !values.json) console.log(`not begun: ${left.join(", ")}`);
  writeReport("--markdown", values.markdown, () => reports.join("\n"));
  return Math.max(...results.map(({ outcome }) => EXIT_CODES[outcome]));
});

const isOperation = (text: string | undefined): text is Operation =>
  text === "up" || text === "destroy" || text === "refresh";

/** Interrupts the engine when this process is interrupted. At a terminal, Ctrl-C reaches the engine directly. */
function interruptSignals() {
  const [asked, told] = [new AbortController(), new AbortController()];
  const handlers = {
    SIGINT: () => (process.stdin.isTTY ? told : asked).abort(),
    SIGTERM: () => asked.abort(),
  };
  for (const [name, handler] of Object.entries(handlers)) process.on(name, handler);
  return {
    signals: { signal: asked.signal, told: told.signal },
    stop: () => {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
    },
  };
}

if (import.meta.main) runAsProcess(main);
