import type { KubeConfig } from "@kubernetes/client-node";
import type { Finding } from "../../components/findings.ts";
import type { Place } from "./admission.ts";
import { explainErrors } from "./explainErrors.ts";

/**
 * Explains why an operation failed: from the engine's errors, and from the pods if they can be asked for. A cluster that does not answer
 * before the signal adds nothing.
 *
 * @param connect Connects to the cluster of the pods.
 */
export async function explainFailure(
  errors: readonly string[],
  signal: AbortSignal,
  place: Place,
  connect?: () => Promise<KubeConfig>,
): Promise<Finding[]> {
  const late = new Promise<Finding[]>((done) => signal.addEventListener("abort", () => done([])));
  const notReady = connect ? await Promise.race([podFindings(place, connect, signal), late]) : [];
  return [...explainErrors(errors, place), ...notReady];
}

/** The Kubernetes client takes half a second to load, so it is loaded only if it is needed. */
async function podFindings(place: Place, connect: () => Promise<KubeConfig>, signal: AbortSignal): Promise<Finding[]> {
  try {
    const [{ podEvidence }, { explainPods }] = await Promise.all([
      import("./clusterEvidence.ts"),
      import("./explainPods.ts"),
    ]);
    return explainPods(await podEvidence(await connect(), place, signal));
  } catch {
    return [];
  }
}
