// What a dry run sends, and how its answers are read. The cluster tier asks a real API server.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { changedResources, dryRun, podOf } from "../../../../automation/cluster/dryRun.ts";
import { type ApiAnswer, startFakeApi } from "../../../harness/fakeApi.ts";
import type { Loose } from "../../../harness/manifest.ts";

const workload = (kind: string, name: string, more: Loose = {}): Loose => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name },
  spec: {
    template: {
      metadata: { labels: { app: name } },
      spec: {
        serviceAccountName: "loki",
        containers: [
          {
            name: "main",
            image: "x:1",
            envFrom: [{ secretRef: { name: "logging-minio-credentials-[auto 1a2b3c]" } }],
            resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "1Gi" } },
          },
        ],
        ...more.pod,
      },
    },
    ...more.spec,
  },
});

const apis: Array<{ close(): void }> = [];
after(() => {
  for (const api of apis) api.close();
});

async function ask(objects: Loose[], answer: (asked: string, body: Loose) => ApiAnswer | undefined) {
  const asked: string[] = [];
  const api = await startFakeApi((path, body) => {
    asked.push(path);
    return answer(path, body);
  });
  apis.push(api);
  const result = await dryRun(api.kube, "logging", objects as Parameters<typeof dryRun>[2]);
  return { ...result, asked };
}

const namespaceExists = (asked: string): ApiAnswer | undefined =>
  asked.endsWith("/namespaces/logging") ? { metadata: { name: "logging" } } : undefined;

describe("a dry run", () => {
  it("asks for each workload and one of its pods, and creates nothing", async () => {
    const { namespace, answers, asked } = await ask(
      [workload("DaemonSet", "alloy"), { kind: "Service", metadata: { name: "x" } }],
      (path, body) => namespaceExists(path) ?? body,
    );
    assert.equal(namespace, "logging");
    assert.deepEqual(answers, [{ workload: "DaemonSet alloy", changed: [] }]);
    const posts = asked.filter((path) => path.startsWith("POST"));
    assert.deepEqual(posts.map((path) => path.split("?")[0]).sort(), [
      "POST /api/v1/namespaces/logging/pods",
      "POST /apis/apps/v1/namespaces/logging/daemonsets",
    ]);
    for (const path of posts) assert.match(path, /dryRun=All/);
  });

  it("asks in the namespace default while the stack's own does not exist", async () => {
    const { namespace } = await ask([workload("Deployment", "loki-read")], (path, body) =>
      path.startsWith("POST /") && path.includes("/namespaces/default/") ? body : undefined,
    );
    assert.equal(namespace, "default");
  });

  it("reports who is refused, and takes an object that exists for admitted", async () => {
    const { answers } = await ask(
      [workload("DaemonSet", "alloy"), workload("StatefulSet", "loki-write")],
      (path, body) => {
        if (path.includes("/pods") && body.metadata.name.startsWith("alloy"))
          return { status: 403, message: "no hostPath" };
        if (path.includes("/statefulsets")) return { status: 409, message: "exists" };
        return namespaceExists(path) ?? body;
      },
    );
    assert.deepEqual(answers, [
      { workload: "DaemonSet alloy", refused: "no hostPath", changed: [] },
      { workload: "StatefulSet loki-write", changed: [] },
    ]);
  });

  it("does not take a missing right, or a webhook that cannot be asked, for a refusal", async () => {
    const forbidden = { status: 403, message: 'pods is forbidden: User "x" cannot create resource "pods"' };
    await assert.rejects(ask([workload("DaemonSet", "alloy")], (path) => namespaceExists(path) ?? forbidden));
    const webhook = { status: 400, message: 'admission webhook "x" does not support dry run' };
    const { answers } = await ask([workload("DaemonSet", "alloy")], (path) => namespaceExists(path) ?? webhook);
    assert.deepEqual(answers, [{ workload: "DaemonSet alloy", changed: [] }]);
  });

  it("reports requests that the cluster raises", async () => {
    const { answers } = await ask([workload("DaemonSet", "alloy")], (path, body) => {
      if (path.includes("/pods")) {
        const [container] = body.spec.containers;
        container.resources = { requests: { cpu: "100m", memory: "100Mi" }, limits: { cpu: "100m", memory: "1024Mi" } };
      }
      return namespaceExists(path) ?? body;
    });
    assert.deepEqual(answers[0]?.changed, [
      "main: requests.cpu 50m → 100m",
      "main: requests.memory 64Mi → 100Mi",
      "main: limits.cpu none → 100m",
    ]);
  });

  it("has a pod with the volumes of its claims, and with names that Kubernetes accepts", async () => {
    const claimed = workload("StatefulSet", "loki-write", {
      pod: { volumes: [{ name: "config", configMap: { name: "loki" } }] },
      spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] },
    });
    const pod = podOf(claimed as Parameters<typeof podOf>[0], "logging");
    assert.deepEqual(pod.spec.volumes, [
      { name: "config", configMap: { name: "loki" } },
      { name: "data", persistentVolumeClaim: { claimName: "data-loki-write-0" } },
    ]);
    assert.equal(pod.spec.serviceAccountName, undefined, "it may not exist yet");
    const names: string[] = [];
    await ask([claimed], (path, body) => {
      if (path.includes("/pods")) names.push(body.spec.containers[0].envFrom[0].secretRef.name);
      return namespaceExists(path) ?? body;
    });
    assert.deepEqual(names, ["logging-minio-credentials-auto"]);
  });

  it("takes the same quantity in other units for the same", () => {
    const pod = (cpu: string, memory: string): Loose => ({
      spec: { containers: [{ name: "c", resources: { requests: { cpu, memory } } }] },
    });
    assert.deepEqual(changedResources(pod("1", "2Gi"), pod("1000m", "2048Mi")), []);
  });
});
