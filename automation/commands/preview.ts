// npm run preview -- <stack>: the change report of a stack against its deployed state, from the real engine.
import { checkReportOptions, publish, REPORT_OPTIONS, REPORT_USAGE } from "../changes/publish.ts";
import { previewStack } from "../engine/stackPreview.ts";
import { stackNames } from "../plan/stackFiles.ts";
import { defineCommand, onlyStack, runAsProcess } from "./defineCommand.ts";

const usage = () => `usage: npm run preview -- <stack> ${REPORT_USAGE}\nstacks: ${stackNames().join(", ")}`;

export const main = defineCommand(usage, REPORT_OPTIONS, async ({ values, positionals }) => {
  const stack = onlyStack(positionals);
  checkReportOptions(values);
  return publish(await previewStack(stack), values);
});

if (import.meta.main) runAsProcess(main);
