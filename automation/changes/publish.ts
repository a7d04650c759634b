import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type ChangeReport, reportJson } from "./changeReport.ts";
import { LEVELS, type Level } from "./levels.ts";
import { reportMarkdown, reportText } from "./reportText.ts";

/** Options of every command that prints a report. */
export const REPORT_OPTIONS = {
  markdown: { type: "string" },
  json: { type: "string" },
  "fail-on": { type: "string" },
  "accept-destructive": { type: "boolean", default: false },
} as const;

/** Those options, and the exit codes, for a command's usage. */
export const REPORT_USAGE =
  "[--markdown FILE] [--json FILE] [--fail-on restarts|disruptive|destructive] [--accept-destructive]\n" +
  "exit codes: 0 done, 1 usage, config or error, 3 the verdict reaches --fail-on";

export interface ReportOptions {
  readonly markdown?: string | undefined;
  readonly json?: string | undefined;
  readonly "fail-on"?: string | undefined;
  readonly "accept-destructive"?: boolean | undefined;
}

/** Exit code when the verdict reaches the level of `--fail-on`. An error is 1, as everywhere. */
const VERDICT_EXIT_CODE = 3;

/** Checks the options before minutes of work. @throws when `--fail-on` is not a level, or a file's folder does not exist. */
export function checkReportOptions(options: ReportOptions): void {
  checkFailOn(options["fail-on"]);
  for (const option of ["markdown", "json"] as const) {
    const file = options[option];
    if (file !== undefined && !existsSync(dirname(file)))
      throw new Error(`--${option} ${file}: there is no folder ${dirname(file)}`);
  }
}

/**
 * Prints a report and writes the requested files.
 *
 * @returns the command's exit code.
 * @throws when `--fail-on` is not a level.
 */
export function publish(report: ChangeReport, options: ReportOptions): number {
  const failOn = checkFailOn(options["fail-on"]);
  writeReport("--markdown", options.markdown, () => reportMarkdown(report));
  writeReport("--json", options.json, () => reportJson(report));
  console.log(reportText(report, process.stdout.isTTY === true));
  const problem = verdictProblem(report, failOn, options["accept-destructive"] === true);
  if (!problem) return 0;
  console.error(problem);
  return VERDICT_EXIT_CODE;
}

/** Writes a file that an option names, if it does. @throws with the option and the file: an error of the disk has neither. */
export function writeReport(option: string, file: string | undefined, text: () => string): void {
  if (!file) return;
  try {
    writeFileSync(file, text());
  } catch (error) {
    throw new Error(`${option} ${file} cannot be written: ${(error as Error).message}`);
  }
}

/** Why a pipeline stops at this verdict, and the option that lets it go on; or `undefined`. */
export function verdictProblem(
  { stack, verdict }: Pick<ChangeReport, "stack" | "verdict">,
  failOn: Level | undefined,
  acceptDestructive: boolean,
): string | undefined {
  if (!failOn || LEVELS.indexOf(verdict) < LEVELS.indexOf(failOn)) return undefined;
  if (verdict === "destructive")
    return acceptDestructive
      ? undefined
      : `${stack}: the change is destructive. If that is intended: --accept-destructive`;
  return `${stack}: the change is ${verdict}, and --fail-on ${failOn} stops at it`;
}

/** The level that `--fail-on` names. @throws when it is not a level. */
export function checkFailOn(given: string | undefined): Level | undefined {
  // Every verdict reaches the lowest level.
  const levels: readonly string[] = LEVELS.slice(1);
  if (given === undefined || levels.includes(given)) return given as Level | undefined;
  throw new Error(`--fail-on ${given}: allowed are ${levels.join(", ")}`);
}
