// npm run doctor -- <stack>: finds what blocks a deploy, or what a broken one left, and the command that fixes it. It changes nothing.
import { examinationText, examineStack } from "../doctor/examineStack.ts";
import { stackNames } from "../plan/stackFiles.ts";
import { defineCommand, onlyStack, runAsProcess } from "./defineCommand.ts";

const UNHEALTHY = 6;

const usage = () => `usage: npm run doctor -- <stack> [--json]
exit codes: 0 healthy, 1 usage or config, ${UNHEALTHY} something to fix
stacks: ${stackNames().join(", ")}`;

const OPTIONS = { json: { type: "boolean", default: false } } as const;

export const main = defineCommand(usage, OPTIONS, async ({ values, positionals }) => {
  const stack = onlyStack(positionals);
  const results = await examineStack(stack);
  console.log(values.json ? JSON.stringify(results, null, 2) : examinationText(stack, results));
  return results.some(({ result }) => result.state === "bad") ? UNHEALTHY : 0;
});

if (import.meta.main) runAsProcess(main);
