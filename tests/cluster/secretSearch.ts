import { gunzipSync } from "node:zlib";
import type { ControlPlane } from "../harness/kubernetes/controlPlane.ts";
import type { KubernetesObject } from "../harness/kubernetes/kubernetesApi.ts";

/** Secrets by their place, so that a failure names a secret without showing it. */
export type Secrets = ReadonlyMap<string, string>;

/** A secret, and the wrong place where it was found. */
export interface Leak {
  readonly secret: string;
  readonly place: string;
}

/** The decoded data of a Secret or ConfigMap. */
export const dataOf = (object: KubernetesObject | undefined): Record<string, string> =>
  object?.kind === "ConfigMap"
    ? (object.data ?? {})
    : Object.fromEntries(
        Object.entries((object?.data ?? {}) as Record<string, string>).map(([key, value]) => [
          key,
          Buffer.from(value, "base64").toString("utf8"),
        ]),
      );

/** Secrets of a namespace, with their kind: list items have none. */
export const listSecrets = async (cluster: ControlPlane, namespace = "logging"): Promise<KubernetesObject[]> =>
  (await cluster.api.list(`/api/v1/namespaces/${namespace}/secrets`)).map((item) => ({ ...item, kind: "Secret" }));

const isHelms = (object: KubernetesObject): boolean => object.type === "helm.sh/release.v1";

/** Every secret that the stack keeps in its cluster: passwords, keys, and hashes of passwords, but no user names. */
export async function secretsIn(cluster: ControlPlane): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  for (const object of await listSecrets(cluster)) {
    if (isHelms(object)) continue;
    for (const [key, value] of Object.entries(dataOf(object))) {
      if (/USERNAME|ACCESS_KEY/.test(key)) continue;
      const parts =
        key === ".htpasswd"
          ? value
              .trim()
              .split("\n")
              .map((line) => line.replace(/^[^:]*:\{SSHA\}/, ""))
          : [value];
      for (const [i, part] of parts.entries()) secrets.set(`${cluster.name} ${object.metadata.name} ${key} ${i}`, part);
    }
  }
  return secrets;
}

/** Helm's records of its releases, decoded: chart, values and rendered objects. */
export async function helmPayloads(cluster: ControlPlane): Promise<Array<{ name: string; text: string }>> {
  return (await listSecrets(cluster)).filter(isHelms).map((object) => ({
    name: `${cluster.name} ${object.metadata.name}`,
    text: gunzipSync(Buffer.from(dataOf(object).release ?? "", "base64")).toString("utf8"),
  }));
}

/** Searches for secrets in plain text, in base64 and URL-encoded. */
export function findLeaks(secrets: Secrets, texts: ReadonlyArray<{ name: string; text: string }>): Leak[] {
  const leaks: Leak[] = [];
  for (const [secret, value] of secrets) {
    const forms = [value, Buffer.from(value).toString("base64"), encodeURIComponent(value)];
    for (const { name: place, text } of texts)
      if (forms.some((form) => text.includes(form))) leaks.push({ secret, place });
  }
  return leaks;
}
