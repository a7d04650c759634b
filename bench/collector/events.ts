// The pod that sends Kubernetes events, with a real API server.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CertificateAuthority, writeServiceAccountKeys } from "../../tests/harness/certificates.ts";
import { startApiServer } from "../../tests/harness/kubernetes/apiServer.ts";
import { startEtcd } from "../../tests/harness/kubernetes/etcd.ts";
import { KubernetesApi } from "../../tests/harness/kubernetes/kubernetesApi.ts";
import { until } from "../../tests/harness/processes.ts";
import { onPath } from "../../tests/harness/programs.ts";
import { deployEvents } from "../../tests/harness/runningStack/eventSender.ts";
import { ACCOUNT, type CollectorStart, commandOf } from "./collector.ts";
import { bytesOf, textsOf } from "./texts.ts";

const ADDRESS = "127.0.0.1";

/** The API server takes some hundred events a second. */
const EVENTS = 20_000;
/** How many requests are under way at once. */
const AT_ONCE = 16;

const PATH = "/api/v1/namespaces/bench/events";

/** Its events quote the first lines of the input. @param outer for the API server's files. */
export async function eventsCollector(outer: string): Promise<CollectorStart> {
  const folder = join(outer, "events");
  mkdirSync(folder);
  const ca = new CertificateAuthority(onPath("openssl") ?? "", folder, "kubernetes-ca");
  const token = randomBytes(24).toString("hex");
  const url = await startApiServer({
    ...{ name: "api", program: onPath("kube-apiserver") ?? "", folder, prefix: "bench", token, address: ADDRESS },
    etcd: await startEtcd({ program: { etcd: onPath("etcd") ?? "" } }, folder),
    ...{ serving: ca.issue("kube-apiserver", undefined, `IP:${ADDRESS}`), ca: ca.certificate },
    serviceAccounts: writeServiceAccountKeys(folder),
  });
  const api = new KubernetesApi(url, ca.pem, token);
  await until("the API server", async () => (await api.call("GET", "/readyz")) === "ok", { timeoutMs: 120_000 });
  const { template, configMaps, token: account } = await deployEvents(api);
  for (const [name, text] of Object.entries({ token: account, "ca.crt": ca.pem, namespace: "logging" }))
    writeFileSync(join(ACCOUNT, name), text);
  await api.create("/api/v1/namespaces", { metadata: { name: "bench" } });
  const { command, environment } = commandOf(template.spec.containers[0]);
  return {
    ...{ name: "events", command, config: Object.values(configMaps)[0] ?? {} },
    environment: { ...environment, KUBERNETES_SERVICE_HOST: ADDRESS, KUBERNETES_SERVICE_PORT: new URL(url).port },
    source: (input) => {
      const texts = textsOf(input).slice(0, EVENTS);
      return {
        ...{ lines: texts.length, bytes: bytesOf(texts) },
        empty: async () => {
          await api.call("DELETE", PATH);
        },
        feed: () => createEvents(api, texts),
      };
    },
  };
}

async function createEvents(api: KubernetesApi, texts: readonly string[]): Promise<void> {
  for (let i = 0; i < texts.length; i += AT_ONCE)
    await Promise.all(texts.slice(i, i + AT_ONCE).map((text, n) => api.create(PATH, event(i + n, text))));
}

function event(n: number, message: string): object {
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    ...{ metadata: { name: `event-${n}` }, type: n % 2 === 0 ? "Warning" : "Normal", reason: "BackOff", message },
    involvedObject: { apiVersion: "v1", kind: "Pod", namespace: "bench", name: `pod-${n % 7}` },
    ...{ count: 1, source: { component: "kubelet" }, firstTimestamp: at, lastTimestamp: at },
  };
}
