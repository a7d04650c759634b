import { styleText } from "node:util";
import { findingLines } from "../../components/findings.ts";
import { reportText } from "../changes/reportText.ts";
import type { DestroyPlan, PlannedStep } from "./destroyPlan.ts";
import type { OperationEvent, OperationResult } from "./operations.ts";

const PHASES = { guards: "is it the right cluster?", preview: "preview", update: "update" } as const;

/** An event of an operation for a terminal, or `undefined` for one that is not shown. */
export function eventText(event: OperationEvent): string | undefined {
  switch (event.event) {
    case "phase":
      return styleText("dim", `${event.stack}: ${PHASES[event.phase]}`);
    case "report":
      return reportText(event.report, process.stdout.isTTY === true);
    case "plan":
      return planLines(event.plan).join("\n");
    case "started":
      return styleText("dim", `  … ${event.op} ${event.name} (${shortType(event.type)})`);
    case "ended": {
      const mark = event.failed ? "✖" : "✔";
      return `  ${mark} ${event.op} ${event.name} (${shortType(event.type)}) ${event.seconds} s`;
    }
    case "diagnostic":
      return event.severity === "info" ? undefined : `  ${event.severity}: ${event.message}`;
  }
}

function planLines({ goes, stays }: DestroyPlan): string[] {
  const line = (sign: string) => (step: PlannedStep) => `    ${sign} ${step.name} (${shortType(step.type)})`;
  return [
    `  ${goes.length === 0 ? "deletes nothing" : `deletes ${goes.length} resources:`}`,
    ...goes.map(line("-")),
    ...(stays.length > 0 ? ["  keeps, because it is protected:", ...stays.map(line("="))] : []),
  ];
}

const shortType = (type: string): string => type.split(":").pop() ?? type;

/** How an operation ended, for a terminal: its longest steps, its errors and what to do about them. */
export function resultText({ stack, operation, outcome, seconds, steps, findings, errors }: OperationResult): string {
  const longest = steps.toSorted((a, b) => b.seconds - a.seconds).slice(0, 5);
  const durations = longest.map((step) => `${step.name} ${step.seconds} s`).join(", ");
  return [
    `\n${stack}: ${operation} ${outcome} in ${seconds} s`,
    ...(steps.length > 0 ? [`  ${steps.length} steps; the longest: ${durations}`] : []),
    ...errors.slice(0, 3).map((error) => `  ${error.replaceAll("\n", "\n  ")}`),
    ...findingLines(findings).map((line) => `  ${line}`),
  ].join("\n");
}
