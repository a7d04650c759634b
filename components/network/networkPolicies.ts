import type { types } from "@pulumi/kubernetes";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import type * as pulumi from "@pulumi/pulumi";
import { EVENTS_LABELS } from "../alloy/events/workload.ts";
import { JOURNAL_PORT } from "../alloy/journal/container.ts";
import type { ResolvedArgs } from "../args.ts";
import { scrapingNamespaces } from "../monitoring/args.ts";
import { ALLOY_RELEASE, GATEWAY_COMPONENT, LOKI_COMPONENTS, LOKI_RELEASE } from "../releaseNames.ts";

type PolicySpec = types.input.networking.v1.NetworkPolicySpec;

/** Ports that pods listen on. A policy sees a packet after the Service has translated it, so the pod's port counts. */
export const PORTS = {
  gateway: 8080,
  loki: 3100,
  /** Alloy's metrics. */
  alloy: 8888,
  canary: 3500,
  gatewayExporter: 4040,
  memcachedExporter: 9150,
  dns: 53,
  /** The API server of an AKS cluster, behind its Service. */
  apiServer: 443,
} as const;

const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));

const namespaces = (names: readonly string[]) =>
  names.map((name) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } }));

const LOKI = { "app.kubernetes.io/instance": LOKI_RELEASE };

/** The pods that have MinIO's keys. */
export const STORAGE_CLIENTS = {
  matchLabels: LOKI,
  matchExpressions: [{ key: "app.kubernetes.io/component", operator: "In", values: [...LOKI_COMPONENTS] }],
};

const ALLOW_DNS: PolicySpec = {
  podSelector: {},
  policyTypes: ["Egress"],
  egress: [
    {
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
          podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
        },
        // AKS LocalDNS, on by default from Kubernetes 1.36, answers on the node. https://learn.microsoft.com/azure/aks/localdns-custom
        { ipBlock: { cidr: "169.254.10.0/24" } },
      ],
      ports: [{ protocol: "UDP", port: PORTS.dns }, ...tcp(PORTS.dns)],
    },
  ],
};

/** The policies by their fixed suffix. The first closes everything, and each of the others allows one connection. */
export function networkPolicySpecs({
  alloy: { events, journal },
  monitoring,
  network,
  objectStorage,
}: ResolvedArgs): Record<string, PolicySpec> {
  const loki = { matchLabels: LOKI };
  const gateway = { matchLabels: { ...loki.matchLabels, "app.kubernetes.io/component": GATEWAY_COMPONENT } };
  const alloy = { matchLabels: { "app.kubernetes.io/instance": ALLOY_RELEASE } };
  const scrapers = scrapingNamespaces(monitoring, network);
  return {
    "deny-all": { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    "allow-dns": ALLOW_DNS,
    "allow-loki-to-itself": {
      podSelector: loki,
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: loki }] }],
      egress: [{ to: [{ podSelector: loki }] }],
    },
    // Without addresses, FQDN policies allow MinIO by its name.
    ...((objectStorage.cidrs.length > 0 || !network.fqdnPolicies) && {
      "allow-loki-to-object-storage": {
        podSelector: STORAGE_CLIENTS,
        policyTypes: ["Egress"],
        egress: [
          {
            // An egress rule without `to` allows every address on the port. checkCidrs warns about it.
            ...(objectStorage.cidrs.length > 0 && { to: objectStorage.cidrs.map((cidr) => ({ ipBlock: { cidr } })) }),
            ports: tcp(objectStorage.port),
          },
        ],
      },
    }),
    "allow-to-gateway": {
      podSelector: gateway,
      policyTypes: ["Ingress"],
      ingress: [{ from: [{ podSelector: alloy }, ...namespaces(network.readerNamespaces)], ports: tcp(PORTS.gateway) }],
    },
    "allow-alloy-to-gateway": {
      podSelector: alloy,
      policyTypes: ["Egress"],
      egress: [{ to: [{ podSelector: gateway }], ports: tcp(PORTS.gateway) }],
    },
    // Its address is known to the cluster alone, and changes. Cilium knows it as an entity (ciliumPolicies.ts).
    ...(events.enabled &&
      network.policyEngine !== "cilium" && {
        "allow-events-to-api-server": {
          podSelector: { matchLabels: EVENTS_LABELS },
          policyTypes: ["Egress"],
          egress: [{ ports: tcp(PORTS.apiServer) }],
        },
      }),
    ...(scrapers.length > 0 && {
      "allow-monitoring": {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [
          {
            from: namespaces(scrapers),
            ports: tcp(
              ...[PORTS.loki, PORTS.alloy, PORTS.canary, PORTS.gatewayExporter, PORTS.memcachedExporter],
              ...(journal.units.length > 0 ? [JOURNAL_PORT] : []),
            ),
          },
        ],
      },
    }),
  };
}

/** Registers the policies. https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
export function createNetworkPolicies(
  name: string,
  namespace: pulumi.Input<string>,
  args: ResolvedArgs,
  opts: pulumi.CustomResourceOptions,
): NetworkPolicy[] {
  return Object.entries(networkPolicySpecs(args)).map(
    ([suffix, spec]) => new NetworkPolicy(`${name}-${suffix}`, { metadata: { name: suffix, namespace }, spec }, opts),
  );
}
