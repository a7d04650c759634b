import { GATEWAY_ENV } from "../../gateway/password.ts";
import { STORAGE_ENV } from "../../objectStorage/credentials.ts";
import type { Fields } from "../manifest.ts";
import { containerPairs, pairsOf, type Workload, workloadsOf } from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

/** Variables that the Secrets of the stack set. A variable of a container wins over one of a Secret. */
const RESERVED: readonly string[] = [...Object.values(STORAGE_ENV), ...Object.values(GATEWAY_ENV)];

/** The Secrets of the stack reach the containers that it gives them to, unchanged, and no others. */
export function storageAccess({ own, given }: Sides): Breach[] {
  const secrets = [
    ...new Set(workloadsOf(own).flatMap((workload) => workload.containers.flatMap((c) => secretsOf(c, workload)))),
  ];
  return [
    ...pairsOf(own, given).flatMap(lost),
    ...workloadsOf(given).flatMap((workload) => leaked(workload, own, secrets)),
  ];
}

function lost(pair: ReturnType<typeof pairsOf>[number]): Breach[] {
  return containerPairs(pair).flatMap(({ own, given }) => {
    const has = secretsOf(given, pair.given);
    const gone = secretsOf(own, pair.own).filter((secret) => !has.includes(secret));
    const overridden = (given.env ?? []).filter(({ name }: Fields) => RESERVED.includes(name));
    const at = { promise: "storageAccess", object: pair.given.title } as const;
    return [
      ...gone.map((secret) => ({
        ...at,
        text: `container ${own.name} no longer gets the Secret ${secret}`,
        fix: "name your own Secret in extraEnvFrom; the stack's entry stays in the list",
      })),
      ...overridden.map(({ name }: Fields) => ({
        ...at,
        text: `container ${own.name} sets ${name}, which comes from the stack's Secret`,
        fix: "rename the variable; objectStorage.credentials and loki.gateway set the stack's logins",
      })),
    ];
  });
}

function leaked(workload: Workload, own: Sides["own"], secrets: readonly string[]): Breach[] {
  const allowed = workloadsOf(own).find(({ title }) => title === workload.title);
  return workload.containers.flatMap((container) => {
    const before = allowed?.containers.find(({ name }) => name === container.name);
    const had = before && allowed ? secretsOf(before, allowed) : [];
    const gets = secretsOf(container, workload).filter((name) => !had.some((own) => sameSecret(own, name)));
    return gets
      .filter((name) => secrets.some((secret) => sameSecret(secret, name)))
      .map((secret) => ({
        promise: "storageAccess" as const,
        object: workload.title,
        text: `container ${container.name} gets the Secret ${secret}`,
        fix: "give the container another Secret",
      }));
  });
}

/** Offline, the end of a generated name is not known: `logging-minio-credentials-[auto]`. */
const sameSecret = (own: string, name: string): boolean => {
  const [start = "", end] = own.split("[");
  return end === undefined ? own === name : name.startsWith(start);
};

/** Names of the Secrets that a container gets as variables or files. */
function secretsOf(container: Fields, { pod }: Workload): string[] {
  const volumes = (container.volumeMounts ?? []).flatMap(({ name }: Fields) =>
    (pod.volumes ?? []).filter((volume: Fields) => volume.name === name),
  );
  const names: unknown[] = [
    ...(container.envFrom ?? []).map(({ secretRef }: Fields) => secretRef?.name),
    ...(container.env ?? []).map(({ valueFrom }: Fields) => valueFrom?.secretKeyRef?.name),
    ...volumes.map(({ secret }: Fields) => secret?.secretName),
    ...volumes.flatMap(({ projected }: Fields) => (projected?.sources ?? []).map(({ secret }: Fields) => secret?.name)),
  ];
  return names.filter((name): name is string => typeof name === "string");
}
