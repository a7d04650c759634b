// npm run diff -- <stack> --base REF: what a change in the working copy does to a stack, offline.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compareSides } from "../changes/changeReport.ts";
import { checkReportOptions, publish, REPORT_OPTIONS, REPORT_USAGE } from "../changes/publish.ts";
import { NOTHING, renderSide, type Side } from "../plan/renderedStack.ts";
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
    const side = (folder: string, what: string): Promise<Side> => {
      if (!existsSync(join(folder, `Pulumi.${stack}.yaml`))) return Promise.resolve(NOTHING);
      return renderSide(folder, stack).catch((error: Error) => {
        throw new Error(`${what} cannot be rendered:\n${error.message}`);
      });
    };
    const [before, after] = await Promise.all([
      side(base.folder, values.base),
      side(process.cwd(), "the working copy"),
    ]);
    if (before === NOTHING && after === NOTHING)
      throw new Error(
        `Pulumi.${stack}.yaml: neither here nor in ${values.base}. Stacks of this project: ${stackNames().join(", ")}`,
      );
    const report = compareSides(stack, `${values.base} (${base.commit.slice(0, 8)})`, before, after);
    process.exitCode = publish(report, values);
  } finally {
    base.remove();
  }
} catch (error) {
  reportAndExit(error);
}
