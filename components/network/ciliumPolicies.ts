import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import type * as pulumi from "@pulumi/pulumi";
import { EVENTS_LABELS } from "../alloy/events/workload.ts";
import type { ResolvedArgs } from "../args.ts";
import { PORTS, STORAGE_CLIENTS } from "./networkPolicies.ts";

/** A Cilium policy's fields. https://docs.cilium.io/en/stable/security/policy/language/ */
interface CiliumPolicySpec {
  readonly endpointSelector: object;
  readonly egress: readonly object[];
}

const port = (number: number, protocol: string) => ({ port: String(number), protocol });
const DNS_PORTS = [port(PORTS.dns, "UDP"), port(PORTS.dns, "TCP")];

/** Cilium then reads the answers, and learns the addresses of names. Which names may be asked is not restricted. */
const READ_DNS = { ports: DNS_PORTS, rules: { dns: [{ matchPattern: "*" }] } };

/**
 * What a NetworkPolicy cannot express, by suffix. Cilium allows what any policy of either kind allows.
 * https://learn.microsoft.com/azure/aks/azure-cni-powered-by-cilium
 */
export function ciliumPolicySpecs({ alloy, network, objectStorage }: ResolvedArgs): Record<string, CiliumPolicySpec> {
  if (network.policyEngine !== "cilium") return {};
  const { bucket, host, pathStyle } = objectStorage;
  return {
    // AKS LocalDNS answers on the node. For Cilium, the node is not in any CIDR.
    // https://learn.microsoft.com/azure/aks/localdns-custom#update-cilium-network-policies-to-allow-dns-resolution-with-localdns
    "allow-dns-on-node": {
      endpointSelector: {},
      egress: [{ toEntities: ["host"], toPorts: [{ ports: DNS_PORTS }] }],
    },
    ...(alloy.events.enabled && {
      "allow-events-to-api-server": {
        endpointSelector: { matchLabels: EVENTS_LABELS },
        egress: [{ toEntities: ["kube-apiserver"], toPorts: [{ ports: [port(PORTS.apiServer, "TCP")] }] }],
      },
    }),
    ...(network.fqdnPolicies && {
      "allow-loki-to-object-storage-by-name": {
        endpointSelector: STORAGE_CLIENTS,
        egress: [
          {
            toEndpoints: [
              { matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns" } },
            ],
            toPorts: [READ_DNS],
          },
          { toEntities: ["host"], toPorts: [READ_DNS] },
          {
            toFQDNs: [{ matchName: pathStyle ? host : `${bucket}.${host}` }],
            toPorts: [{ ports: [port(objectStorage.port, "TCP")] }],
          },
        ],
      },
    }),
  };
}

/** Registers the policies. Cilium brings their CustomResourceDefinition. */
export const createCiliumPolicies = (
  name: string,
  namespace: pulumi.Input<string>,
  args: ResolvedArgs,
  opts: pulumi.CustomResourceOptions,
): CustomResource[] =>
  Object.entries(ciliumPolicySpecs(args)).map(
    ([suffix, spec]) =>
      new CustomResource(
        `${name}-${suffix}`,
        { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name: suffix, namespace }, spec },
        opts,
      ),
  );
