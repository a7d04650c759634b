// npm run preview -- <stack>: the change report of a stack against what is deployed, from the real engine.
import { checkReportOptions, publish, REPORT_OPTIONS, REPORT_USAGE } from "../changes/publish.ts";
import { previewStack } from "../engine/stackPreview.ts";
import { stackNames } from "../plan/stackFiles.ts";
import { readCommandLine } from "./commandLine.ts";
import { reportAndExit } from "./reportAndExit.ts";

const USAGE = `usage: npm run preview -- <stack> ${REPORT_USAGE}\nstacks: ${stackNames().join(", ")}`;

try {
  const { values, positionals } = readCommandLine(USAGE, REPORT_OPTIONS);
  const [stack] = positionals;
  if (!stack || positionals.length > 1) throw new Error(USAGE);
  checkReportOptions(values);
  process.exitCode = publish(await previewStack(stack), values);
} catch (error) {
  reportAndExit(error);
}
