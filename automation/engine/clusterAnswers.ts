import type { ComparedStack } from "../changes/comparedStack.ts";
import type { RatedFinding } from "../changes/levels.ts";
import type { ResourceChange } from "../changes/resourceChanges.ts";
import { apiMessage } from "../cluster/apiMessage.ts";
import { connect } from "../cluster/clusterApi.ts";
import { dryRun } from "../cluster/dryRun.ts";
import { within } from "../cluster/within.ts";
import type { CheckResult } from "../doctor/check.ts";
import { checkGrafanaNamespaces } from "../doctor/grafanaChecks.ts";
import { checkMonitorKinds } from "../doctor/monitoringChecks.ts";
import { answerFindings } from "../explain/admission.ts";
import { stackSettings } from "../plan/stackSettings.ts";

/** Time that the cluster has to answer. */
const ANSWER_SECONDS = 30;

/** What a cluster is asked before an update. */
interface Answers {
  readonly found: RatedFinding[];
  readonly warnings: string[];
}

/** A release whose pods may be refused. */
const hasPods = ({ type }: ResourceChange): boolean => type.endsWith(":Release");

/** An object of a kind, or in a namespace, that others bring to the cluster. */
const needsOthers = ({ op, type, name }: ResourceChange): boolean =>
  op !== "delete" &&
  (/^kubernetes:(az)?monitoring\.coreos\.com\//.test(type) || /-(dashboard-\w+|grafana-data-source)$/.test(name));

/**
 * What the cluster would do with these changes. A cluster that does not answer is a warning: the engine reaches it in its own way.
 *
 * @param after The stack after the changes, with its releases rendered.
 */
export async function clusterAnswers(
  stack: string,
  changes: readonly ResourceChange[],
  { releases }: ComparedStack,
  signal?: AbortSignal,
): Promise<Answers> {
  if (!changes.some((change) => hasPods(change) || needsOthers(change))) return { found: [], warnings: [] };
  try {
    const { args, access } = await stackSettings(stack);
    const late = AbortSignal.timeout(ANSWER_SECONDS * 1000);
    const asked = connect(access, args.cluster.resourceId, ANSWER_SECONDS).then(async (kube) => {
      const objects = releases.flatMap((release) => release.objects);
      const checks = changes.some(needsOthers) ? [checkMonitorKinds, checkGrafanaNamespaces] : [];
      const [pods, ...others] = await Promise.all([
        changes.some(hasPods)
          ? dryRun(kube, args.namespace, objects).then((answers) => answerFindings(answers, args))
          : [],
        ...checks.map((check) => check(kube, args).then(findingsOf)),
      ]);
      return [pods, ...others].flat();
    });
    const found = await within(signal ? AbortSignal.any([late, signal]) : late, asked);
    return { found: found.map((finding) => ({ ...finding, level: "disruptive" })), warnings: [] };
  } catch (error) {
    return { found: [], warnings: [`The cluster was not asked whether it accepts the objects: ${apiMessage(error)}`] };
  }
}

const findingsOf = (result: CheckResult) => (result.state === "bad" ? result.findings : []);
