import type { KubernetesApi } from "./kubernetesApi.ts";

/** A kind that an add-on of AKS brings to a cluster. */
interface CustomKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: "Namespaced" | "Cluster";
}

/** Cilium's policies. Every field is accepted: Cilium's own schema is not part of the test. */
export const CILIUM_POLICY: CustomKind = {
  group: "cilium.io",
  version: "v2",
  kind: "CiliumNetworkPolicy",
  plural: "ciliumnetworkpolicies",
  scope: "Namespaced",
};

/** Karpenter's node pools, which node auto-provisioning brings. */
export const KARPENTER_NODE_POOL: CustomKind = {
  group: "karpenter.sh",
  version: "v1",
  kind: "NodePool",
  plural: "nodepools",
  scope: "Cluster",
};

/** The kinds of Prometheus Operator that the stack uses. */
export const OPERATOR_KINDS: readonly CustomKind[] = [
  { group: "monitoring.coreos.com", version: "v1", kind: "PodMonitor", plural: "podmonitors", scope: "Namespaced" },
  {
    group: "monitoring.coreos.com",
    version: "v1",
    kind: "PrometheusRule",
    plural: "prometheusrules",
    scope: "Namespaced",
  },
];

/** The kind of Azure's managed Prometheus that the stack uses. */
export const AZURE_MONITOR: CustomKind = {
  group: "azmonitoring.coreos.com",
  version: "v1",
  kind: "PodMonitor",
  plural: "podmonitors",
  scope: "Namespaced",
};

/** Lets the API server store objects of a kind. */
export const createCustomKind = (api: KubernetesApi, { group, version, kind, plural, scope }: CustomKind) =>
  api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  });
