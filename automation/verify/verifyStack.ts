import { randomBytes } from "node:crypto";
import type { KubeConfig } from "@kubernetes/client-node";
import { excludedBy } from "../../components/alloy/exclusions.ts";
import type { ResolvedArgs } from "../../components/args.ts";
import { apiMessage } from "../cluster/apiMessage.ts";
import { within } from "../cluster/within.ts";
import { MarkedLine } from "./markedLine.ts";

/** How one step went. */
export interface VerifyRow {
  readonly step: string;
  /** `skipped`: an earlier step failed. */
  readonly outcome: "ok" | "failed" | "skipped";
  readonly detail: string;
  readonly seconds: number;
}

/** Options of {@link verifyStack}. */
export interface VerifyOptions {
  /** Time for all steps except the last. @default 180 */
  readonly timeoutSeconds?: number;
  /** Time for removing the pod, in addition. @default 30 */
  readonly cleanUpSeconds?: number;
  /** Ends the verification early, for a reason that is shown. The pod is still removed. */
  readonly signal?: AbortSignal;
  /** Called when a step has ended. */
  readonly onRow?: (row: VerifyRow) => void;
}

/** The steps in their order. */
export const VERIFY_STEPS = [
  "workloads ready",
  "agent on every node",
  "Secrets in use",
  "gateway asks for a password",
  "line written",
  "line found through the gateway",
  "canary's lines found",
  "flushed",
  "new chunk in the bucket",
  "cleaned up",
] as const;
type VerifyStep = (typeof VERIFY_STEPS)[number];

/**
 * Sends one line all the way from a pod to the bucket, and reads it back.
 *
 * @returns a row for every step. The stack is verified when all are `ok`.
 * @throws when the config excludes the line from collection.
 */
export async function verifyStack(
  args: ResolvedArgs,
  kube: KubeConfig,
  options: VerifyOptions = {},
): Promise<VerifyRow[]> {
  const name = `logging-verify-${randomBytes(6).toString("hex")}`;
  checkCollected(args, name);
  const { timeoutSeconds = 180, cleanUpSeconds = 30, signal, onRow } = options;
  const late = new AbortController();
  const reason = new Error(`not within ${timeoutSeconds} seconds`);
  const watchdog = setTimeout(() => late.abort(reason), timeoutSeconds * 1000);
  const limit = signal ? AbortSignal.any([late.signal, signal]) : late.signal;
  const line = new MarkedLine(args, kube, name, limit);
  const steps: Readonly<Record<VerifyStep, () => Promise<string>>> = {
    "workloads ready": () => line.workloadsReady(),
    "agent on every node": () => line.agents(),
    "Secrets in use": () => line.readSecrets(),
    "gateway asks for a password": () => line.askWithoutPassword(),
    "line written": () => line.write(),
    "line found through the gateway": () => line.find(),
    "canary's lines found": () => line.findCanary(),
    flushed: () => line.flush(),
    "new chunk in the bucket": () => line.findChunk(),
    "cleaned up": () => line.remove(cleanUpSeconds),
  };
  const rows: VerifyRow[] = [];
  for (const step of VERIFY_STEPS) {
    const started = performance.now();
    // Cleaning up always runs, with its own time limit.
    const isCleanUp = step === "cleaned up";
    const broken = rows.some(({ outcome }) => outcome === "failed");
    const result =
      broken && !isCleanUp ? SKIPPED : await outcomeOf(steps[step], isCleanUp ? undefined : { line, limit });
    const row = { step, ...result, seconds: Math.round((performance.now() - started) / 100) / 10 };
    rows.push(row);
    onRow?.(row);
  }
  clearTimeout(watchdog);
  return rows;
}

type Outcome = Pick<VerifyRow, "outcome" | "detail">;

const SKIPPED: Outcome = { outcome: "skipped", detail: "" };

/** Runs a step. With a limit, it fails when the limit is reached, with what the line was waiting for. */
async function outcomeOf(
  run: () => Promise<string>,
  limited?: { readonly line: MarkedLine; readonly limit: AbortSignal },
): Promise<Outcome> {
  try {
    return { outcome: "ok", detail: await (limited ? within(limited.limit, run()) : run()) };
  } catch (error) {
    const detail = limited?.limit.aborted ? limited.line.soFar(limited.limit.reason) : apiMessage(error);
    return { outcome: "failed", detail };
  }
}

/** The line is written in the stack's own namespace. If Alloy excludes it, the line would never arrive. */
function checkCollected({ alloy, namespace }: ResolvedArgs, pod: string): void {
  const by = excludedBy(alloy.exclude, namespace, pod);
  if (by)
    throw new Error(
      `alloy.exclude has ${by}, so Alloy does not collect the line that verify writes in the namespace ${namespace}. ` +
        `fix: exclude what you mean by name: ${namespace}/loki-write-*, ${namespace}/alloy-*`,
    );
}
