import type { ResolvedArgs } from "../../components/args.ts";
import { excludeCommand } from "../../components/cluster/safeguards.ts";
import type { Finding } from "../../components/findings.ts";
import type { Answers } from "../cluster/dryRun.ts";

/** Where refused objects are. Unknown parts are named in capitals. */
export interface Place {
  readonly namespace: string;
  /** ARM ID of the AKS cluster. */
  readonly clusterId?: string | undefined;
  /** ARM ID of the Azure Monitor workspace. */
  readonly workspaceId?: string;
}

/** Where a stack's objects are. */
export const placeOf = ({
  namespace,
  cluster,
  monitoring,
}: Pick<ResolvedArgs, "namespace" | "cluster"> & Partial<Pick<ResolvedArgs, "monitoring">>): Place => ({
  namespace,
  clusterId: cluster.resourceId,
  ...(monitoring?.kind === "azureManagedPrometheus" && { workspaceId: monitoring.workspaceId }),
});

/** Who refused an object. */
type Refusal =
  | { readonly by: "policy"; readonly name: string; readonly binding?: string }
  | { readonly by: "webhook"; readonly name: string; readonly constraint?: string }
  | { readonly by: "standard"; readonly level: string };

/** Who refused an object, from the API server's message. `undefined` if it was no policy. */
export function refusalIn(message: string): Refusal | undefined {
  // https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
  const [, policy, binding] =
    /ValidatingAdmissionPolicy '([^']+)'(?: with binding '([^']+)')? denied/.exec(message) ?? [];
  if (policy) return { by: "policy", name: policy, ...(binding && { binding }) };
  // https://kubernetes.io/docs/concepts/security/pod-security-admission/
  const [, level] = /violates PodSecurity "(\w+):[^"]*"/.exec(message) ?? [];
  if (level) return { by: "standard", level };
  const [, webhook, reason = ""] = /admission webhook "([^"]+)" denied the request:?([\s\S]*)/.exec(message) ?? [];
  if (!webhook) return undefined;
  const [, constraint] = /^\s*\[([\w.-]+)\]/.exec(reason) ?? [];
  return { by: "webhook", name: webhook, ...(constraint && { constraint }) };
}

/** Policies of AKS itself, which Deployment Safeguards switch. Azure Policy writes its own assignments in the same way. */
const OF_AKS = /^(aks-managed-|azurepolicy-)/;

/** AKS Automatic keeps nodes for itself, and admits no pod there that tolerates everything. The namespace makes no difference. */
const KEPT_NODES = /toleration/i;

/** How to have an object admitted that a policy refuses. */
export function admissionFix(message: string, { namespace, clusterId = "CLUSTER" }: Place): string {
  const refusal = refusalIn(message);
  if (refusal && KEPT_NODES.test(message))
    return "name the taints of your nodes in alloy.values.controller.tolerations, instead of tolerating every taint";
  const exclude = `exclude the namespace from AKS Deployment Safeguards: ${excludeCommand(clusterId, namespace)}`;
  switch (refusal?.by) {
    case "policy":
      return OF_AKS.test(refusal.name)
        ? exclude
        : `exempt the namespace ${namespace} in spec.matchResources of the binding: kubectl edit validatingadmissionpolicybinding ${refusal.binding ?? refusal.name}`;
    case "webhook":
      return OF_AKS.test(refusal.constraint ?? "")
        ? `${exclude}; if it is an assignment that you made, add ${namespace} to its excludedNamespaces (az policy assignment list)`
        : `exempt the namespace ${namespace} from the policy of ${refusal.name}`;
    case "standard":
      return `kubectl label namespace ${namespace} pod-security.kubernetes.io/enforce=privileged --overwrite: the stack sets this label, and something changed it to ${refusal.level}`;
    case undefined:
      return `exempt the namespace ${namespace} from the policy that is named, or change the policy (az policy assignment list)`;
  }
}

/** Objects that a policy refused, from the errors of a deploy. */
export function refusedObjects(text: string, place: Place): Finding[] {
  const refused = text.matchAll(/([\w.]+) "([^"]+)" is forbidden: ([^\n]+)|(admission webhook "[^"]+" denied[^\n]+)/g);
  return [...refused].flatMap(([, kind, name, why, webhook]): Finding[] => {
    const message = why ?? webhook ?? "";
    if (!refusalIn(message)) return [];
    return [
      {
        subject: kind ? `${kind.split(".")[0]} ${name}` : "an object",
        text: `the cluster refuses it: ${message.trim()}`,
        fix: admissionFix(message, place),
      },
    ];
  });
}

/** What the API server's answers to a dry run mean before a deploy. */
export function answerFindings(
  { namespace, answers }: Answers,
  args: Pick<ResolvedArgs, "namespace" | "cluster">,
): Finding[] {
  const place = placeOf(args);
  const elsewhere = namespace !== args.namespace;
  const asked = elsewhere
    ? ` (asked in ${namespace}, because ${args.namespace} does not exist yet; an exemption of ${args.namespace} does not count there)`
    : "";
  const refused = answers.flatMap(({ workload, refused: why }): Finding[] => {
    // The stack's own namespace has a label for this. Another one does not.
    if (why === undefined || (elsewhere && refusalIn(why)?.by === "standard")) return [];
    const text = `the cluster will refuse its pods${asked}: ${why}`;
    return [{ subject: workload, text, fix: admissionFix(why, place) }];
  });
  const changed = answers.flatMap(({ workload, changed: list }) => list.map((change) => `${workload}, ${change}`));
  const uncounted = args.cluster.safeguards === "none" ? changed : changed.filter((change) => !isRaisedToLeast(change));
  if (uncounted.length === 0) return refused;
  return [
    ...refused,
    {
      subject: "requests",
      text: `the cluster changes them${asked}, and the capacity check counts them as written: ${uncounted.join("; ")}`,
      fix: `pulumi config set --path cluster.safeguards Enforce, if Deployment Safeguards raise them; else exempt the namespace (kubectl -n ${args.namespace} get limitrange)`,
    },
  ];
}

const isRaisedToLeast = (change: string): boolean => /requests\.(cpu \S+ → 100m|memory \S+ → 100Mi)$/.test(change);
