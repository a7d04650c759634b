// npm run diff -- <stack> --base REF: what a change in the working copy does to a stack, offline.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compareRenderedStacks } from "../changes/changeReport.ts";
import { checkReportOptions, publish, REPORT_OPTIONS, REPORT_USAGE } from "../changes/publish.ts";
import { NO_STACK, type RenderedStack, renderStack } from "../plan/renderStack.ts";
import { stackNames } from "../plan/stackFiles.ts";
import { checkOut } from "../plan/worktree.ts";
import { readCommandLine } from "./commandLine.ts";
import { reportAndExit } from "./reportAndExit.ts";

const USAGE = `usage: npm run diff -- <stack> --base REF ${REPORT_USAGE}\nstacks: ${stackNames().join(", ")}`;

try {
  const { values, positionals } = readCommandLine(USAGE, { base: { type: "string" }, ...REPORT_OPTIONS });
  const [stack] = positionals;
  if (!stack || positionals.length > 1 || !values.base) throw new Error(USAGE);
  checkReportOptions(values);
  const base = checkOut(values.base);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, () => {
      base.remove();
      process.exit(code);
    });
  try {
    const rendered = (folder: string, what: string): Promise<RenderedStack> => {
      if (!existsSync(join(folder, `Pulumi.${stack}.yaml`))) return Promise.resolve(NO_STACK);
      return renderStack(folder, stack).catch((error: Error) => {
        throw new Error(`${what} cannot be rendered:\n${error.message}`);
      });
    };
    const [before, after] = await Promise.all([
      rendered(base.folder, values.base),
      rendered(process.cwd(), "the working copy"),
    ]);
    if (before === NO_STACK && after === NO_STACK)
      throw new Error(
        `Pulumi.${stack}.yaml: neither here nor in ${values.base}. Stacks of this project: ${stackNames().join(", ")}`,
      );
    const report = compareRenderedStacks(stack, `${values.base} (${base.commit.slice(0, 8)})`, before, after);
    process.exitCode = publish(report, values);
  } finally {
    base.remove();
  }
} catch (error) {
  reportAndExit(error);
}
