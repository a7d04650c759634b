import type { KubeConfig } from "@kubernetes/client-node";
import type { Finding } from "../../components/findings.ts";
import { explainErrors } from "./explainErrors.ts";

/** Where the pods of a release are. */
export interface PodsOf {
  readonly namespace: string;
  connect(): Promise<KubeConfig>;
}

/**
 * Explains why an operation failed: from the engine's errors, and from the pods if they are given. A cluster that does not answer before
 * the signal adds nothing.
 */
export async function explainFailure(
  errors: readonly string[],
  signal: AbortSignal,
  pods?: PodsOf,
): Promise<Finding[]> {
  const late = new Promise<Finding[]>((done) => signal.addEventListener("abort", () => done([])));
  const notReady = pods ? await Promise.race([podFindings(pods, signal), late]) : [];
  return [...explainErrors(errors), ...notReady];
}

/** The Kubernetes client takes half a second to load, so it is loaded only if it is needed. */
async function podFindings({ namespace, connect }: PodsOf, signal: AbortSignal): Promise<Finding[]> {
  try {
    const [{ podEvidence }, { explainPods }] = await Promise.all([
      import("./clusterEvidence.ts"),
      import("./explainPods.ts"),
    ]);
    return explainPods(await podEvidence(await connect(), namespace, signal));
  } catch {
    return [];
  }
}
