import type { Fields } from "../manifest.ts";
import { waysToGateway } from "./exposure.ts";
import { added, pairsOf, titleOf, workloadsOf } from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

const note = (object: string, text: string, fix: string): Breach => ({ promise: "networkPolicies", object, text, fix });

/** Objects of the hatch whose connections the stack's NetworkPolicies close, and the argument that opens them. */
export const closedConnections = (sides: Sides): Breach[] => [
  ...waysToGateway(sides).map((object) =>
    note(
      titleOf(object),
      "leads to the gateway, but the NetworkPolicies close it to all namespaces that network.readerNamespaces does not name",
      object.kind === "Service"
        ? "no argument lets addresses outside of the cluster in: use gateway.ingress, and name the namespace of its controller in network.readerNamespaces"
        : "name the namespace of the controller (app-routing-system, ingress-nginx) in network.readerNamespaces",
    ),
  ),
  ...monitors(sides),
  ...morePods(sides),
  ...proxies(sides),
];

const monitors = ({ own, given, monitoringNamespaces }: Sides): Breach[] =>
  monitoringNamespaces.length > 0
    ? []
    : added(own, given)
        .filter(({ kind }) => /^(ServiceMonitor|PodMonitor|VMServiceScrape|VMPodScrape|ScrapeConfig)$/.test(kind))
        .map((object) =>
          note(
            titleOf(object),
            "lets Prometheus scrape the pods, but the NetworkPolicies close their metrics",
            "set monitoring.kind, or name Prometheus's namespace in network.monitoringNamespaces",
          ),
        );

const morePods = ({ own, given }: Sides): Breach[] =>
  workloadsOf(added(own, given)).map(({ title }) =>
    note(
      title,
      "the NetworkPolicies close every connection of its pods, except to DNS",
      "add a NetworkPolicy for its own labels to extraObjects, with the Egress that it needs; readers belong into another namespace, in network.readerNamespaces",
    ),
  );

const proxies = ({ own, given }: Sides): Breach[] =>
  pairsOf(own, given).flatMap(({ given: { title, containers } }) =>
    containers.flatMap((container) =>
      (container.env ?? [])
        .filter(({ name }: Fields) => /^(https?|all)_proxy$/i.test(name))
        .map(({ name }: Fields) =>
          note(
            title,
            `container ${container.name} sends its requests to a proxy (${name}), but the NetworkPolicies close the way to it`,
            "list MinIO's and the cluster's names in NO_PROXY, or leave the variable out: no pod needs anything else",
          ),
        ),
    ),
  );
