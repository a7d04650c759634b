// npm run verify -- <stack>: after `up`, sends one line from a pod to the bucket and reads it back.
import { connect } from "../cluster/clusterApi.ts";
import { stackNames } from "../plan/stackFiles.ts";
import { stackSettings } from "../plan/stackSettings.ts";
import { VERIFY_STEPS, type VerifyRow, verifyStack } from "../verify/verifyStack.ts";
import { defineCommand, onlyStack, runAsProcess, timeoutOf } from "./defineCommand.ts";
import { interruptible } from "./interruptible.ts";

const usage = () => `usage: npm run verify -- <stack> [--config-file FILE] [--timeout SECONDS]
exit codes: 0 verified, 1 not verified, 130 and 143 interrupted, after the pod is removed
stacks: ${stackNames().join(", ")}`;

const OPTIONS = { "config-file": { type: "string" }, timeout: { type: "string", default: "180" } } as const;

export const main = defineCommand(usage, OPTIONS, async ({ values, positionals }) => {
  const stack = onlyStack(positionals);
  const timeoutSeconds = timeoutOf(values.timeout);
  const { args, access } = await stackSettings(stack, values["config-file"]);
  const kube = await connect(access, args.cluster.resourceId);
  return interruptible(async (signal) => {
    const rows = await verifyStack(args, kube, { timeoutSeconds, signal, onRow: print });
    const verified = rows.every(({ outcome }) => outcome === "ok");
    console.log(`${args.cluster.name}: ${verified ? "verified" : "NOT verified"}`);
    return verified ? 0 : 1;
  });
});

const STEP_WIDTH = Math.max(...VERIFY_STEPS.map((name) => name.length));

/** Printed as soon as the step ends, so the columns have fixed widths. */
function print({ step, outcome, detail, seconds }: VerifyRow): void {
  const time = `${seconds.toFixed(1).padStart(6)} s`;
  console.log(`${outcome.padEnd(7)}  ${step.padEnd(STEP_WIDTH)}  ${time}  ${detail}`.trimEnd());
}

if (import.meta.main) runAsProcess(main);
