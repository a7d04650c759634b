import { isDeepStrictEqual } from "node:util";
import type { Fields } from "../manifest.ts";
import {
  added,
  containerPairs,
  contains,
  counterpart,
  pairsOf,
  selects,
  shown,
  titleOf,
  workloadsOf,
} from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

const FIX = "remove it: Alloy, Grafana, the NetworkPolicies and the stack's outputs use the chart's names and ports";

/** Services keep their names, ports and pods. Workloads keep the Service that gives their pods names. */
export function addresses({ own, given }: Sides): Breach[] {
  const breach = (object: string, text: string): Breach => ({ promise: "addresses", object, text, fix: FIX });
  const services = own
    .filter(({ kind }) => kind === "Service")
    .flatMap((service): Breach[] => {
      const title = titleOf(service);
      const now: Fields = counterpart(service, given);
      if (!now) return [breach(title, "is no longer rendered under this name and in this namespace")];
      const { spec: before } = service as Fields;
      const ports = (before.ports ?? []).filter((port: Fields) => !contains(now.spec?.ports, port));
      const moved = ["selector", "clusterIP", "publishNotReadyAddresses"].filter(
        (field) => !isDeepStrictEqual(before[field], now.spec?.[field]),
      );
      return [
        ...ports.map(({ name, port }: Fields) =>
          breach(
            title,
            `no longer has the port ${port} (${name}), but ${shown((now.spec?.ports ?? []).map((p: Fields) => p.port))}`,
          ),
        ),
        ...moved.map((field) => breach(title, `has another ${field}: ${shown(now.spec?.[field])}`)),
      ];
    });
  const pairs = pairsOf(own, given).filter(({ own: before, given: now }) => {
    const [old, new_] = [before.object, now.object] as [Fields, Fields];
    return old.spec.serviceName !== new_.spec.serviceName;
  });
  return [...services, ...pairs.map(({ own: { title } }) => breach(title, "has another serviceName"))];
}

/** Pods keep the labels and ports that the policies select, and stay in the network that the policies govern. */
export const networkPolicies = (sides: Sides): Breach[] => [...selected(sides), ...policiesOfTheHatch(sides)];

const policyBreach = (object: string, text: string, fix: string): Breach => ({
  promise: "networkPolicies",
  object,
  text,
  fix,
});

const SELECTED_BY = /^app\.kubernetes\.io\/(name|instance|component)$/;

function selected({ own, given }: Sides): Breach[] {
  return pairsOf(own, given).flatMap((pair) => {
    const { title, pod, labels } = pair.given;
    const fix = "use other labels: NetworkPolicies, Services and disruption budgets select the pods by these";
    const relabelled = Object.entries(pair.own.labels).filter(
      ([key, value]) => SELECTED_BY.test(key) && labels[key] !== value,
    );
    const ports = containerPairs(pair).flatMap(({ own: before, given: now }) =>
      (before.ports ?? []).filter(
        ({ name, containerPort }: Fields) =>
          !(now.ports ?? []).some((port: Fields) => port.name === name && port.containerPort === containerPort),
      ),
    );
    return [
      ...relabelled.map(([key]) => policyBreach(title, `its pods have the label ${key}: ${shown(labels[key])}`, fix)),
      ...ports.map(({ name, containerPort }: Fields) =>
        policyBreach(
          title,
          `no longer listens on ${containerPort} (${name})`,
          "remove it: the NetworkPolicies open the chart's ports alone",
        ),
      ),
      ...(pod.hostNetwork === true && pair.own.pod.hostNetwork !== true
        ? [
            policyBreach(
              title,
              "runs in the node's network, where no NetworkPolicy applies to it",
              "remove hostNetwork",
            ),
          ]
        : []),
    ];
  });
}

/** Policies add up: one that lets someone in opens what the stack's policies close. */
function policiesOfTheHatch({ own, given }: Sides): Breach[] {
  return added(own, given)
    .filter(({ kind }) => /NetworkPolicy$/.test(kind))
    .filter((policy) => rulesOf(policy).some((rules) => (rules.ingress ?? []).length > 0 && selectsStack(rules, own)))
    .map((policy) =>
      policyBreach(
        titleOf(policy),
        "lets connections in that the stack's policies refuse",
        "network.readerNamespaces opens the gateway, network.monitoringNamespaces the metrics; your policy may have Egress alone",
      ),
    );
}

/** The rules of a NetworkPolicy, or of one of Cilium, which may have several lists. */
const rulesOf = ({ spec, specs = [] }: Fields): Fields[] => [spec, ...specs].filter(Boolean);

/** Whether rules select pods of the stack. Anything but plain labels counts as doing so. */
function selectsStack({ podSelector, endpointSelector }: Fields, own: Sides["own"]): boolean {
  const selector = podSelector ?? endpointSelector ?? {};
  if ((selector.matchExpressions ?? []).length > 0) return true;
  return workloadsOf(own).some(({ labels }) => selects(selector, labels));
}
