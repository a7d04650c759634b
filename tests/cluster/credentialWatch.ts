import { createHash } from "node:crypto";
import type { KubernetesObject } from "../harness/kubernetes/kubernetesApi.ts";
import { answer, listObjects, type Minio } from "../harness/minio.ts";
import type { Deployment } from "./deployedStacks.ts";
import { podsByWorkload, secretsOf } from "./placement.ts";
import { dataOf, listSecrets } from "./secretSearch.ts";

/** What the watch saw at one moment. */
export interface Look {
  readonly time: number;
  /** MinIO's answer to each generation of keys seen so far, by access key. */
  readonly keys: Readonly<Record<string, string>>;
  /** Access keys that Loki's running pods hold. */
  readonly held: readonly string[];
  /** Access keys of terminating pods. */
  readonly heldByEnding: readonly string[];
  /** Pairs of an Alloy pod's user and a gateway pod that would refuse it with 401. */
  readonly refusedPushes: readonly string[];
}

/**
 * Checks every 100 ms which keys the pods of Loki and Alloy hold, and whether these keys work. The simulated pods hold the Secrets that real
 * pods would hold during a rotation.
 */
export class CredentialWatch {
  readonly looks: Look[] = [];
  readonly #deployment: Deployment;
  readonly #minio: Minio;
  /** Secrets are immutable, so each is read once. They are kept here after their end. */
  readonly #secrets = new Map<string, KubernetesObject>();
  #stopped = false;
  readonly #loop: Promise<void>;

  constructor(deployment: Deployment, minio: Minio) {
    this.#deployment = deployment;
    this.#minio = minio;
    this.#loop = this.#run();
  }

  async stop(): Promise<Look[]> {
    this.#stopped = true;
    await this.#loop;
    return this.looks;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const next = new Promise((resolve) => setTimeout(resolve, 100));
      this.looks.push(await this.#look());
      await next;
    }
  }

  async #look(): Promise<Look> {
    const { cluster, bucket } = this.#deployment;
    // Pods first: the Secret of a pod is older than the pod.
    const pods = await podsByWorkload(cluster);
    for (const secret of await listSecrets(cluster)) this.#secrets.set(secret.metadata.name, secret);
    const time = Date.now();
    const loki = ["write", "read", "backend"].flatMap((workload) => pods.get(workload) ?? []);
    const held = (ending: boolean): string[] => [
      ...new Set(
        loki
          .filter(({ metadata }) => (metadata.deletionTimestamp !== undefined) === ending)
          .map((pod) => this.#data(pod, "minio-credentials").MINIO_ACCESS_KEY ?? "none"),
      ),
    ];
    const keys = await Promise.all(
      [...this.#secrets.values()]
        .filter(({ metadata }) => metadata.name.includes("minio-credentials"))
        .map(dataOf)
        .map(async ({ MINIO_ACCESS_KEY: accessKey = "", MINIO_SECRET_KEY: secretKey = "" }) => {
          const client = this.#minio.client({ accessKey, secretKey });
          return [accessKey, await answer(listObjects(client, bucket))] as const;
        }),
    );
    return {
      time,
      keys: Object.fromEntries(keys),
      held: held(false),
      heldByEnding: held(true),
      refusedPushes: this.#refusedPushes(pods),
    };
  }

  #refusedPushes(pods: Map<string, KubernetesObject[]>): string[] {
    const alive = (workload: string) =>
      (pods.get(workload) ?? []).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const refused = new Set<string>();
    for (const gateway of alive("gateway")) {
      const accepted = (this.#data(gateway, "gateway-htpasswd")[".htpasswd"] ?? "").split("\n");
      for (const alloy of alive("alloy")) {
        const { LOKI_USERNAME: user = "", LOKI_PASSWORD: password = "" } = this.#data(alloy, "alloy-login");
        if (!accepted.some((line) => accepts(line, user, password))) refused.add(`${user} at ${gateway.metadata.name}`);
      }
    }
    return [...refused];
  }

  #data(pod: KubernetesObject, part: string): Record<string, string> {
    const name = secretsOf(pod).find((secret) => secret.includes(part));
    return dataOf(name === undefined ? undefined : this.#secrets.get(name));
  }
}

/** Checks a `{SSHA}` line like nginx. https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html */
export function accepts(line: string, user: string, password: string): boolean {
  const [name, hash = ""] = line.split(":{SSHA}");
  const bytes = Buffer.from(hash, "base64");
  const digest = createHash("sha1").update(password).update(bytes.subarray(20)).digest();
  return name === user && bytes.length > 20 && digest.equals(bytes.subarray(0, 20));
}
