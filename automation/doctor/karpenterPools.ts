import type { ResolvedArgs } from "../../components/args.ts";
import type { Finding } from "../../components/findings.ts";
import { parseCpu, parseMemory } from "../../components/quantities.ts";

/** A taint as nodes and NodePools have it. */
export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** A NodePool of Karpenter, which AKS node auto-provisioning brings. https://karpenter.sh/docs/concepts/nodepools/ */
export interface KarpenterPool {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly limits?: Readonly<Record<string, string | number>>;
    readonly template: {
      readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
      readonly spec: {
        readonly taints?: readonly NodeTaint[];
        readonly startupTaints?: readonly NodeTaint[];
        readonly requirements?: readonly Requirement[];
      };
    };
  };
}

/** Labels that nodes get without a NodePool naming them. */
const WELL_KNOWN =
  /^((beta\.)?kubernetes\.io\/(os|arch)|topology\.kubernetes\.io\/|node\.kubernetes\.io\/instance-type$|karpenter\.|kubernetes\.azure\.com\/)/;

/** Whether a NodePool can create nodes with a label. */
export function canCreate({ metadata, spec }: KarpenterPool, key: string, value: string): boolean {
  if (key === "karpenter.sh/nodepool") return metadata.name === value;
  const label = spec.template.metadata?.labels?.[key];
  if (label !== undefined) return label === value;
  const about = (spec.template.spec.requirements ?? []).filter((requirement) => requirement.key === key);
  return (about.length > 0 || WELL_KNOWN.test(key)) && about.every((requirement) => admits(requirement, value));
}

function admits({ operator, values = [] }: Requirement, value: string): boolean {
  switch (operator) {
    case "In":
      return values.includes(value);
    case "NotIn":
      return !values.includes(value);
    case "Gt":
      return Number(value) > Number(values[0]);
    case "Lt":
      return Number(value) < Number(values[0]);
    default:
      return operator === "Exists";
  }
}

/** Taints that keep Loki's pods off, because `nodePool` does not name them. */
export const untolerated = (
  taints: readonly NodeTaint[],
  { tolerations }: Pick<ResolvedArgs["nodePool"], "tolerations">,
): NodeTaint[] =>
  taints.filter(
    ({ key, value = "", effect }) =>
      effect !== "PreferNoSchedule" &&
      !tolerations.some((t) => t.key === key && t.value === value && t.effect === effect),
  );

/** A taint as `az aks nodepool show` prints it. */
export const taintText = ({ key, value, effect }: NodeTaint): string => `${key}${value ? `=${value}` : ""}:${effect}`;

/** The line of a stack file that tolerates taints. */
export const taintLines = (taints: readonly NodeTaint[]): string =>
  `nodePool.taints: [${taints.map(({ key, value, effect }) => `{ key: ${key}, ${value ? `value: "${value}", ` : ""}effect: ${effect} }`).join(", ")}]`;

/** Cilium puts it on every new node, until its agent runs. */
const CILIUM_TAINT = "node.cilium.io/agent-not-ready";

/** Why Loki's pods would not get onto the nodes of a NodePool, or not all of them. */
export function karpenterFindings(
  { metadata, spec }: KarpenterPool,
  { nodePool, network }: Pick<ResolvedArgs, "nodePool" | "network">,
): Finding[] {
  const subject = `NodePool ${metadata.name}`;
  const { taints = [], startupTaints = [] } = spec.template.spec;
  const findings: Finding[] = [];
  const kept = untolerated(taints, nodePool);
  if (kept.length > 0)
    findings.push({
      subject,
      text: `taints its nodes with ${kept.map(taintText).join(", ")}, which Loki's pods do not tolerate`,
      fix: taintLines(kept),
    });
  if (network.policyEngine === "cilium" && ![...taints, ...startupTaints].some(({ key }) => key === CILIUM_TAINT))
    findings.push({
      subject,
      text: `does not name Cilium's startup taint: Karpenter creates a second node while Cilium starts on the first`,
      fix: `add to spec.template.spec.startupTaints: { key: ${CILIUM_TAINT}, value: "true", effect: NoExecute }`,
    });
  const { size } = nodePool;
  if (size) {
    const limits: ReadonlyArray<readonly [string, number | undefined, number]> = [
      ["cpu", parseCpu(String(spec.limits?.cpu)), size.nodes * size.vm.cpu * 1000],
      ["memory", parseMemory(String(spec.limits?.memory)), size.nodes * size.vm.memoryGiB * 1024],
      ["nodes", spec.limits?.nodes === undefined ? undefined : Number(spec.limits.nodes), size.nodes],
    ];
    for (const [name, limit, needed] of limits)
      if (limit !== undefined && limit < needed)
        findings.push({
          subject,
          text: `ends at ${name} ${spec.limits?.[name]}, below the ${size.nodes} nodes of ${size.vm.cpu} vCPU and ${size.vm.memoryGiB} GiB that nodePool.capacity counts on`,
          fix: `raise spec.limits.${name} of the NodePool, or lower nodePool.capacity.maxCount`,
        });
  }
  return findings;
}
