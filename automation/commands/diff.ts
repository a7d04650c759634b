// npm run diff -- <stack> --base REF: what the working copy changes in a stack, offline.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compareRenderedStacks } from "../changes/changeReport.ts";
import { checkReportOptions, publish, REPORT_OPTIONS, REPORT_USAGE } from "../changes/publish.ts";
import { NO_STACK, type RenderedStack, type RenderOptions, renderStack } from "../plan/renderStack.ts";
import { shortName, stackNames } from "../plan/stackFiles.ts";
import { checkOut } from "../plan/worktree.ts";
import { keptPromises } from "../promises/checkPromises.ts";
import { defineCommand, onlyStack, runAsProcess, UsageError } from "./defineCommand.ts";
import { interruptible } from "./interruptible.ts";

const usage = () => `usage: npm run diff -- <stack> --base REF ${REPORT_USAGE}\nstacks: ${stackNames().join(", ")}`;

const OPTIONS = { base: { type: "string" }, ...REPORT_OPTIONS } as const;

export const main = defineCommand(usage, OPTIONS, async ({ values, positionals }) => {
  const stack = shortName(onlyStack(positionals));
  const ref = values.base;
  if (!ref) throw new UsageError("--base REF is missing: the commit, branch or tag to compare with, as in --base main");
  checkReportOptions(values);
  return interruptible(async (signal) => {
    const base = await checkOut(ref);
    try {
      const [before, after] = await Promise.all([
        // The base is what it is. Only the working copy can still keep a promise.
        rendered(stack, base.folder, ref, { signal }),
        rendered(stack, process.cwd(), "the working copy", { signal, promises: true }),
      ]);
      keptPromises(stack, after);
      if (before === NO_STACK && after === NO_STACK)
        throw new Error(
          `Pulumi.${stack}.yaml: neither here nor in ${ref}. Stacks of this project: ${stackNames().join(", ")}`,
        );
      return publish(compareRenderedStacks(stack, `${ref} (${base.commit.slice(0, 8)})`, before, after), values);
    } finally {
      await base.remove();
    }
  });
});

async function rendered(stack: string, folder: string, what: string, options: RenderOptions): Promise<RenderedStack> {
  if (!existsSync(join(folder, `Pulumi.${stack}.yaml`))) return NO_STACK;
  try {
    return await renderStack(folder, stack, options);
  } catch (error) {
    throw new Error(`${what} cannot be rendered:\n${(error as Error).message}`);
  }
}

if (import.meta.main) runAsProcess(main);
