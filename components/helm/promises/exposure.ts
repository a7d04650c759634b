import { GATEWAY_SERVICE } from "../../releaseNames.ts";
import type { Fields, Manifest } from "../manifest.ts";
import { added, counterpart, selects, titleOf, workloadsOf } from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

const FIX = `send requests to the Service ${GATEWAY_SERVICE}, which asks for the password: gateway.ingress or gateway.route, with network.readerNamespaces`;

/** Kinds that lead requests from outside of the cluster to a Service, of Kubernetes and of others. */
const ROUTE =
  /^(Ingress|IngressRoute(TCP)?|Route|(HTTP|GRPC|TCP|TLS)Route|VirtualService|HTTPProxy|Mapping|ApisixRoute)$/;

/** Nothing from outside of the cluster reaches Loki's own Services and pods. */
export function exposure(sides: Sides): Breach[] {
  const breach = (object: Manifest, text: string): Breach => ({
    promise: "exposure",
    object: titleOf(object),
    text,
    fix: FIX,
  });
  return [
    ...sides.given
      .filter(({ kind }) => ROUTE.test(kind))
      .flatMap((route) => {
        const around = servicesNamed(route, sides.own).filter((name) => name !== GATEWAY_SERVICE);
        return around.map((name) => breach(route, `leads to the Service ${name}, past the gateway's password`));
      }),
    ...openServices(sides)
      .filter((service) => !leadsToGateway(service, sides))
      .map((service) =>
        breach(service, `is open to the outside of the cluster (${openness(service)}), past the gateway's password`),
      ),
  ];
}

/** Routes and Services that lead to the gateway from outside of the cluster. */
export const waysToGateway = (sides: Sides): Manifest[] => [
  ...added(sides.own, sides.given).filter(
    (object) => ROUTE.test(object.kind) && servicesNamed(object, sides.own).includes(GATEWAY_SERVICE),
  ),
  ...openServices(sides).filter((service) => leadsToGateway(service, sides)),
];

/** Services that answer outside of the cluster and select pods of the stack. */
const openServices = ({ own, given }: Sides): Manifest[] =>
  given.filter((object) => {
    if (object.kind !== "Service" || openness(object) === undefined) return false;
    const before = counterpart(object, own);
    return (before === undefined || openness(before) === undefined) && podsOf(object, given).length > 0;
  });

const podsOf = (service: Manifest, objects: readonly Manifest[]): string[] => {
  const { selector } = (service as Fields).spec ?? {};
  if (!selector) return [];
  return workloadsOf(objects)
    .filter(({ labels }) => selects({ matchLabels: selector }, labels))
    .map(({ object }) => object.metadata.name);
};

const leadsToGateway = (service: Manifest, { given }: Sides): boolean =>
  podsOf(service, given).every((name) => name === GATEWAY_SERVICE);

/** How a Service answers outside of the cluster. */
function openness(service: Manifest): string | undefined {
  const { type = "ClusterIP", externalIPs } = (service as Fields).spec ?? {};
  if (["LoadBalancer", "NodePort"].includes(type)) return type;
  return (externalIPs ?? []).length > 0 ? "externalIPs" : undefined;
}

/** The Services of the stack that an object names anywhere: `loki-read`, `loki-read.logging.svc`. */
function servicesNamed(object: Manifest, own: readonly Manifest[]): string[] {
  const names = own.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name);
  const texts = textsIn((object as Fields).spec);
  return names.filter((name) => texts.some((text) => text === name || text.startsWith(`${name}.`)));
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
