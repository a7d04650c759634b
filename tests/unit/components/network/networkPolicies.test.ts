// Which connections the policies allow, evaluated as a network policy engine does.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { resolveArgs } from "../../../../components/args.ts";
import { NOBODY_IS_ALERTED } from "../../../../components/monitoring/args.ts";
import { ciliumPolicySpecs } from "../../../../components/network/ciliumPolicies.ts";
import { networkPolicySpecs } from "../../../../components/network/networkPolicies.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, stackFile } from "../../../harness/plannedStack.ts";

interface Peer {
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly ip?: string;
}
const loki = (component: string): Peer => ({
  namespace: "logging",
  labels: { "app.kubernetes.io/instance": "loki", "app.kubernetes.io/component": component },
});
const alloy: Peer = { namespace: "logging", labels: { "app.kubernetes.io/instance": "alloy" } };
const events: Peer = {
  namespace: "logging",
  labels: {
    "app.kubernetes.io/name": "alloy-events",
    "app.kubernetes.io/instance": "alloy",
    "app.kubernetes.io/component": "events",
  },
};
const stranger: Peer = { namespace: "team-a", labels: { app: "x" } };
const grafana: Peer = { namespace: "monitoring", labels: { app: "grafana" } };
const dns: Peer = { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
const outside = (ip: string): Peer => ({ namespace: "", labels: {}, ip });

const inCidr = (ip: string, cidr: string): boolean => {
  const number = (text: string) => text.split(".").reduce((n, part) => n * 256 + Number(part), 0);
  const [base = "", bits = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(ip) / size) === Math.floor(number(base) / size);
};
const selects = (selector: Loose, labels: Record<string, string>): boolean =>
  Object.entries(selector.matchLabels ?? {}).every(([k, v]) => labels[k] === v) &&
  (selector.matchExpressions ?? []).every((e: Loose) => e.operator === "In" && e.values.includes(labels[e.key]));
const isPeer = (rule: Loose, peer: Peer): boolean => {
  if (rule.ipBlock) return peer.ip !== undefined && inCidr(peer.ip, rule.ipBlock.cidr);
  if (peer.ip !== undefined) return false;
  const namespace = rule.namespaceSelector
    ? selects(rule.namespaceSelector, { "kubernetes.io/metadata.name": peer.namespace })
    : peer.namespace === "logging";
  return namespace && (rule.podSelector === undefined || selects(rule.podSelector, peer.labels));
};

/** Whether `from` may open a connection to `to`: its egress and the target's ingress allow it. Only our namespace has policies. */
function allowed(specs: Loose, from: Peer, to: Peer, port: number, protocol = "TCP"): boolean {
  const direction = (kind: "ingress" | "egress", subject: Peer, other: Peer): boolean => {
    if (subject.namespace !== "logging") return true;
    const type = kind === "ingress" ? "Ingress" : "Egress";
    const applying = Object.values<Loose>(specs).filter(
      (s) => selects(s.podSelector, subject.labels) && s.policyTypes.includes(type),
    );
    if (applying.length === 0) return true;
    return applying
      .flatMap((s) => s[kind] ?? [])
      .some((rule: Loose) => {
        const peers = rule[kind === "ingress" ? "from" : "to"];
        const ports = rule.ports?.some((p: Loose) => p.port === port && p.protocol === protocol) ?? true;
        return ports && (peers === undefined || peers.some((peer: Loose) => isPeer(peer, other)));
      });
  };
  return direction("egress", from, to) && direction("ingress", to, from);
}

const specsOf = async (change?: (c: Loose) => void): Promise<Loose> =>
  networkPolicySpecs(resolveArgs((await load(stackFile(change))).args));

describe("with the production policies,", () => {
  let specs: Loose;
  before(async () => {
    specs = await specsOf();
  });
  const CASES: Array<[string, Peer, Peer, number, boolean, string?]> = [
    ["Alloy pushes to the gateway", alloy, loki("gateway"), 8080, true],
    ["Grafana queries the gateway", grafana, loki("gateway"), 8080, true],
    ["an application does not reach the gateway", stranger, loki("gateway"), 8080, false],
    ["an application does not reach Loki around the gateway", stranger, loki("read"), 3100, false],
    ["Grafana does not reach Loki around the gateway", grafana, loki("read"), 3100, false],
    ["Grafana does not reach Loki's other pods on the gateway's port", grafana, loki("read"), 8080, false],
    ["Alloy does not reach Loki around the gateway", alloy, loki("write"), 3100, false],
    ["an application does not reach Alloy", stranger, alloy, 12345, false],
    ["the gateway reaches the writers", loki("gateway"), loki("write"), 3100, true],
    ["writers find each other", loki("write"), loki("backend"), 7946, true],
    ["readers reach the cache", loki("read"), loki("memcached-chunks-cache"), 11211, true],
    ["writers reach MinIO", loki("write"), outside("10.20.0.10"), 9000, true],
    ["writers reach nothing else outside the cluster", loki("write"), outside("10.20.0.11"), 9000, false],
    ["writers reach only MinIO's port", loki("write"), outside("10.20.0.10"), 22, false],
    ["the gateway does not reach MinIO", loki("gateway"), outside("10.20.0.10"), 9000, false],
    ["Alloy does not reach MinIO", alloy, outside("10.20.0.10"), 9000, false],
    ["nothing reaches Azure's metadata service", loki("read"), outside("169.254.169.254"), 80, false],
    ["DNS names are resolved", alloy, dns, 53, true, "UDP"],
    ["DNS names are resolved over TCP too", loki("write"), dns, 53, true],
    ["DNS names are resolved on the node", loki("write"), outside("169.254.10.10"), 53, true, "UDP"],
    ["another DNS server is not reached", loki("write"), outside("8.8.8.8"), 53, false, "UDP"],
  ];
  for (const [what, from, to, port, expected, protocol] of CASES) {
    it(what, () => assert.equal(allowed(specs, from, to, port, protocol), expected));
  }
});

it("Prometheus reaches the journal's container, if there is one", async () => {
  const change = (units: readonly string[]) => (c: Loose) => {
    c.monitoring = { kind: "prometheusOperator" };
    c.network = { ...c.network, monitoringNamespaces: ["monitoring"] };
    c.alloy = { ...c.alloy, journal: { units } };
  };
  const prometheus: Peer = { namespace: "monitoring", labels: {} };
  assert.ok(allowed(await specsOf(change(["kernel"])), prometheus, alloy, 12347));
  assert.ok(!allowed(await specsOf(change([])), prometheus, alloy, 12347));
});

describe("with Kubernetes events,", () => {
  const enabled = (policyEngine: string) => (c: Loose) => {
    c.network.policyEngine = policyEngine;
    c.alloy = { ...c.alloy, events: { enabled: true } };
  };

  it("their pod reaches the API server, wherever that is, and the gateway, and nothing else", async () => {
    const specs = await specsOf(enabled("calico"));
    assert.ok(allowed(specs, events, outside("20.1.2.3"), 443));
    assert.ok(allowed(specs, events, loki("gateway"), 8080));
    assert.ok(!allowed(specs, events, outside("20.1.2.3"), 80));
    assert.ok(!allowed(specs, events, loki("write"), 3100));
    assert.ok(!allowed(specs, stranger, events, 12345));
  });

  it("no other pod reaches the API server", async () => {
    const specs = await specsOf(enabled("calico"));
    for (const pod of [alloy, loki("write"), loki("gateway")])
      assert.ok(!allowed(specs, pod, outside("20.1.2.3"), 443));
    const off = await specsOf((c) => Object.assign(c.network, { policyEngine: "calico" }));
    assert.ok(!allowed(off, events, outside("20.1.2.3"), 443));
  });

  it("Cilium opens the API server alone, which it knows by itself", async () => {
    const change = enabled("cilium");
    assert.ok(!allowed(await specsOf(change), events, outside("20.1.2.3"), 443));
    const { "allow-events-to-api-server": spec } = ciliumPolicySpecs(resolveArgs((await load(stackFile(change))).args));
    assert.deepEqual(spec, {
      endpointSelector: { matchLabels: events.labels },
      egress: [{ toEntities: ["kube-apiserver"], toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }] }],
    });
  });
});

it("without reader namespaces, only Alloy reaches the gateway", async () => {
  const specs = await specsOf((c) => {
    c.network.readerNamespaces = [];
  });
  assert.ok(!allowed(specs, grafana, loki("gateway"), 8080));
  assert.ok(allowed(specs, alloy, loki("gateway"), 8080));
});

it("without MinIO's addresses, writers reach any address, but only on MinIO's port", async () => {
  const specs = await specsOf((c) => {
    delete c.objectStorage.cidrs;
  });
  assert.ok(allowed(specs, loki("write"), outside("203.0.113.1"), 9000));
  assert.ok(!allowed(specs, loki("write"), outside("203.0.113.1"), 443));
});

describe("Cilium's policies", () => {
  const ciliumOf = async (change?: (c: Loose) => void): Promise<Loose> =>
    ciliumPolicySpecs(resolveArgs((await load(stackFile(change))).args));
  const byName =
    (more: Loose = {}) =>
    (c: Loose) => {
      c.network.fqdnPolicies = true;
      delete c.objectStorage.cidrs;
      Object.assign(c.objectStorage, more);
    };

  it("let pods ask the DNS server on their node, which Cilium finds in no CIDR, and nothing else of the node", async () => {
    const specs = await ciliumOf();
    assert.deepEqual(Object.keys(specs), ["allow-dns-on-node"]);
    const { endpointSelector, egress } = specs["allow-dns-on-node"];
    assert.deepEqual(endpointSelector, {});
    assert.deepEqual(egress, [
      {
        toEntities: ["host"],
        toPorts: [
          {
            ports: [
              { port: "53", protocol: "UDP" },
              { port: "53", protocol: "TCP" },
            ],
          },
        ],
      },
    ]);
  });

  it("do not exist with another engine, which would not know their kind", async () => {
    for (const policyEngine of ["azure", "calico", "none"])
      assert.deepEqual(await ciliumOf((c) => Object.assign(c.network, { policyEngine })), {});
  });

  it("allow MinIO by its name, to the pods with its keys, on its port", async () => {
    const { endpointSelector, egress } = (await ciliumOf(byName()))["allow-loki-to-object-storage-by-name"];
    for (const component of ["write", "read", "backend"])
      assert.ok(selects(endpointSelector, loki(component).labels), component);
    for (const peer of [loki("gateway"), loki("memcached-chunks-cache"), alloy])
      assert.ok(!selects(endpointSelector, peer.labels), JSON.stringify(peer.labels));
    const named = egress.filter((rule: Loose) => rule.toFQDNs);
    assert.deepEqual(named, [
      {
        toFQDNs: [{ matchName: "minio.internal.company" }],
        toPorts: [{ ports: [{ port: "9000", protocol: "TCP" }] }],
      },
    ]);
  });

  it("read the answers of every DNS server that pods may ask: without that, Cilium knows no address of a name", async () => {
    const { egress } = (await ciliumOf(byName()))["allow-loki-to-object-storage-by-name"];
    const dns = egress.filter((rule: Loose) => rule.toPorts[0].rules?.dns);
    assert.deepEqual(
      dns.map(({ toEndpoints, toEntities }: Loose) => toEntities ?? toEndpoints[0].matchLabels["k8s:k8s-app"]),
      ["kube-dns", ["host"]],
    );
    for (const { toPorts } of dns) assert.deepEqual(toPorts[0].rules, { dns: [{ matchPattern: "*" }] });
  });

  it("name the bucket's own host where the bucket is in the host name", async () => {
    const { egress } = (await ciliumOf(byName({ pathStyle: false })))["allow-loki-to-object-storage-by-name"];
    assert.deepEqual(egress.at(-1).toFQDNs, [{ matchName: "loki-prod-aks-a.minio.internal.company" }]);
  });

  it("replace the rule for every address; addresses that are given stay allowed", async () => {
    assert.ok(!allowed(await specsOf(byName()), loki("write"), outside("10.20.0.10"), 9000));
    const both = await specsOf((c) => {
      c.network.fqdnPolicies = true;
    });
    assert.ok(allowed(both, loki("write"), outside("10.20.0.10"), 9000));
    assert.ok(!allowed(both, loki("write"), outside("10.20.0.11"), 9000));
    const { warnings } = resolveArgs((await load(stackFile(byName()))).args);
    assert.deepEqual(warnings, [NOBODY_IS_ALERTED]);
  });
});

it("only a named monitoring namespace reaches the metrics", async () => {
  const specs = await specsOf((c) => {
    c.network.monitoringNamespaces = ["prometheus"];
  });
  const prometheus: Peer = { namespace: "prometheus", labels: {} };
  assert.ok(allowed(specs, prometheus, loki("write"), 3100));
  assert.ok(allowed(specs, prometheus, alloy, 8888));
  assert.ok(!allowed(specs, stranger, loki("write"), 3100));
});

describe("the namespace that scrapes may do so by itself:", () => {
  const CASES: Array<[string, Loose, string]> = [
    ["that of Prometheus Operator", { kind: "prometheusOperator", namespaces: ["observability"] }, "observability"],
    [
      "that of Azure's collector",
      {
        kind: "azureManagedPrometheus",
        workspaceId:
          "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Monitor/accounts/metrics",
        location: "westeurope",
      },
      "kube-system",
    ],
  ];
  for (const [what, monitoring, namespace] of CASES) {
    it(what, async () => {
      const specs = await specsOf((c) => {
        c.monitoring = monitoring;
      });
      const scraper: Peer = { namespace, labels: {} };
      const targets: Array<[Peer, number]> = [
        ...["write", "read", "backend"].map((part): [Peer, number] => [loki(part), 3100]),
        [loki("gateway"), 4040],
        [loki("memcached-chunks-cache"), 9150],
        [loki("canary"), 3500],
        [alloy, 8888],
      ];
      for (const [target, port] of targets) assert.ok(allowed(specs, scraper, target, port), `${port}`);
      assert.ok(!allowed(specs, scraper, loki("gateway"), 8080), "it may not query");
      assert.ok(!allowed(specs, stranger, loki("write"), 3100));
    });
  }
});

it("the canary reaches the gateway, and not MinIO", async () => {
  const specs = await specsOf();
  assert.ok(allowed(specs, loki("canary"), loki("gateway"), 8080));
  assert.ok(!allowed(specs, loki("canary"), outside("10.20.0.10"), 9000));
});
