// npm run verify -- <stack>: after `up`, one line goes the whole way from a pod to the bucket and back to a reader.
import { connect } from "../cluster/clusterApi.ts";
import { stackNames } from "../plan/stackFiles.ts";
import { stackSettings } from "../plan/stackSettings.ts";
import { VERIFY_STEPS, type VerifyRow, verifyStack } from "../verify/verifyStack.ts";
import { readCommandLine } from "./commandLine.ts";
import { reportAndExit } from "./reportAndExit.ts";

const USAGE = `usage: npm run verify -- <stack> [--config-file FILE] [--timeout SECONDS]
exit codes: 0 verified, 1 not; 130 and 143 when it was interrupted, after it has removed its pod
stacks: ${stackNames().join(", ")}`;

/** As a shell counts them. */
const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

try {
  const { values, positionals } = readCommandLine(USAGE, {
    "config-file": { type: "string" },
    timeout: { type: "string", default: "180" },
  });
  const [stack] = positionals;
  const timeoutSeconds = Number(values.timeout);
  if (!stack || positionals.length > 1 || !(timeoutSeconds > 0)) throw new Error(USAGE);
  const { args, access } = await stackSettings(stack, values["config-file"]);
  const kube = await connect(access, args.cluster.resourceId);
  const interrupted = new AbortController();
  let code: number | undefined;
  // Once: whoever asks a second time does not want to wait.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      code = INTERRUPTED[signal];
      interrupted.abort(new Error(`interrupted by ${signal}`));
    });
  const rows = await verifyStack(args, kube, { timeoutSeconds, signal: interrupted.signal, onRow: print });
  const verified = rows.every(({ outcome }) => outcome === "ok");
  console.log(`${args.cluster.name}: ${verified ? "verified" : "NOT verified"}`);
  // Not by itself: what did not answer in time may still be waited for somewhere.
  process.exit(code ?? (verified ? 0 : 1));
} catch (error) {
  reportAndExit(error);
}

function print({ step, outcome, detail, seconds }: VerifyRow): void {
  const width = Math.max(...VERIFY_STEPS.map((name) => name.length));
  console.log(`${outcome.padEnd(7)}  ${step.padEnd(width)}  ${seconds.toFixed(1).padStart(6)} s  ${detail}`.trimEnd());
}
