import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ReleaseChange, releaseChanges } from "../../../../automation/changes/objectChanges.ts";
import { objectMeanings } from "../../../../automation/changes/objectMeanings.ts";
import type { Manifest } from "../../../../components/helm/manifest.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { changeOf, manifest, releaseOf } from "./manifests.ts";

/** Meanings of one changed object as `level: text`. */
const meanings = (before: Manifest | undefined, after: Manifest | undefined): string[] =>
  objectMeanings(changeOf(before, after)).map(({ level, text }) => `${level}: ${text}`);

describe("objects of a release that differ", () => {
  const set = (spec: Loose, template: Loose = {}) =>
    manifest("StatefulSet", "loki-write", {
      spec: {
        replicas: 3,
        serviceName: "write",
        volumeClaimTemplates: [{ metadata: { name: "data" } }],
        ...spec,
        template,
      },
    });
  const image = (tag: string) => ({ spec: { containers: [{ name: "loki", image: `loki:${tag}` }] } });

  it("restart pods only if the pod template changes", () => {
    assert.deepEqual(meanings(set({}, image("1")), set({}, image("2"))), [
      "restarts: 3 pods restart, one after the other: image",
    ]);
    assert.deepEqual(meanings(set({ minReadySeconds: 1 }), set({ minReadySeconds: 2 })), []);
    assert.deepEqual(
      meanings(
        set({ updateStrategy: { type: "OnDelete" } }, image("1")),
        set({ updateStrategy: { type: "OnDelete" } }, image("2")),
      ),
      ["safe: pods change only when they are deleted (OnDelete): image"],
    );
    const agent = (tag: string) =>
      manifest("DaemonSet", "alloy", {
        spec: { template: image(tag), updateStrategy: { rollingUpdate: { maxUnavailable: "20%" } } },
      });
    assert.deepEqual(meanings(agent("1"), agent("2")), [
      "restarts: its pod restarts on every node, 20% at once: image",
    ]);
    const withBuffer = manifest("DaemonSet", "alloy", {
      spec: {
        template: { spec: { containers: [{ name: "loki", image: "loki:1" }, { name: "old-buffer" }] } },
        updateStrategy: { rollingUpdate: { maxUnavailable: "20%" } },
      },
    });
    assert.match(meanings(agent("1"), withBuffer)[1] ?? "", /^restarts: each node sends again what its log files /);
    assert.equal(meanings(withBuffer, agent("1")).length, 1);
  });

  it("interrupt a service whose only pod restarts, unless it is a cache or the canary", () => {
    const only = (tag: string, component: string, strategy?: Loose) =>
      manifest("Deployment", "gateway", {
        spec: {
          replicas: 1,
          strategy,
          template: { metadata: { labels: { "app.kubernetes.io/component": component } }, ...image(tag) },
        },
      });
    assert.deepEqual(meanings(only("1", "gateway"), only("2", "gateway")), [
      "disruptive: 1 pod restarts: requests fail until it is back: image",
    ]);
    assert.deepEqual(meanings(only("1", "memcached-chunks-cache"), only("2", "memcached-chunks-cache")), [
      "restarts: 1 pod restarts: image",
    ]);
    assert.deepEqual(meanings(only("1", "canary"), only("2", "canary")), ["restarts: 1 pod restarts: image"]);
    const recreate = (tag: string) => {
      const one = only(tag, "read", { type: "Recreate" }) as Loose;
      return { ...one, spec: { ...one.spec, replicas: 3 } };
    };
    assert.match(meanings(recreate("1"), recreate("2"))[0] ?? "", /^disruptive: 3 pods restart, all at once/);
  });

  it("fail the upgrade when the API server refuses the change", () => {
    const refused = (before: Manifest, after: Manifest) => {
      const [first] = objectMeanings(changeOf(before, after));
      assert.equal(first?.level, "disruptive");
      assert.match(first?.text ?? "", /^the upgrade will fail: /);
      return first?.fix ?? "";
    };
    assert.equal(
      refused(set({}), set({ serviceName: "other" })),
      "right before the deploy: kubectl -n logging delete statefulset loki-write --cascade=orphan",
    );
    refused(set({ podManagementPolicy: "Parallel" }), set({ podManagementPolicy: "OrderedReady" }));
    for (const kind of ["StatefulSet", "Deployment", "DaemonSet"]) {
      const selecting = (app: string) => manifest(kind, "w", { spec: { selector: { matchLabels: { app } } } });
      refused(selecting("a"), selecting("b"));
    }
    const headless = (clusterIP?: string) => manifest("Service", "s", { spec: { ...(clusterIP && { clusterIP }) } });
    assert.equal(refused(headless(), headless("None")), "right before the deploy: kubectl -n logging delete service s");
    const job = (tag: string) => manifest("Job", "j", { spec: { template: image(tag) } });
    refused(job("1"), job("2"));
    const binding = (name: string) => manifest("RoleBinding", "r", { roleRef: { name } });
    refused(binding("a"), binding("b"));
    const config = (a: string) => manifest("ConfigMap", "c", { immutable: true, data: { a } });
    refused(config("1"), config("2"));
  });

  it("grow volumes by hand, and never shrink them", () => {
    const sized = (storage: string) =>
      set({ volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { resources: { requests: { storage } } } }] });
    const fix = (a: string, b: string) => objectMeanings(changeOf(sized(a), sized(b)))[0]?.fix ?? "";
    assert.match(
      fix("50Gi", "1Ti"),
      /^for claim in data-loki-write-0 data-loki-write-1 data-loki-write-2; do kubectl -n logging patch pvc/,
    );
    assert.equal(fix("50Gi", "10Gi"), "volumes cannot shrink: leave the size as it is");
  });

  it("delete volumes only if the retention policy is Delete", () => {
    const policy = (when: Loose) => ({ persistentVolumeClaimRetentionPolicy: when });
    assert.deepEqual(meanings(set({}), set({ replicas: 2 })), [
      "restarts: 3 → 2 pods; the volumes of 1 pod stay, and still cost money",
    ]);
    assert.deepEqual(
      meanings(set(policy({ whenScaled: "Delete" })), set({ ...policy({ whenScaled: "Delete" }), replicas: 1 })),
      ["destructive: 3 → 1 pod; the volumes of 2 pods are deleted (whenScaled: Delete)"],
    );
    assert.deepEqual(meanings(set(policy({ whenDeleted: "Delete" })), undefined), [
      "destructive: removed, together with 3 volumes (whenDeleted: Delete)",
    ]);
    assert.deepEqual(meanings(set({}), undefined), ["disruptive: removed; its 3 volumes stay"]);
    assert.deepEqual(meanings(set(policy({ whenDeleted: "Retain" })), set(policy({ whenDeleted: "Delete" }))), [
      "disruptive: from now on its volumes are deleted with it (whenDeleted: Delete)",
    ]);
    assert.deepEqual(meanings(set({}), set({ replicas: 5 })), ["safe: 3 → 5 pods"]);
    assert.deepEqual(meanings(set({}), set({ replicas: 0 })), ["disruptive: 3 → 0 pods: its work stops"]);
  });

  it("are rated by what they held when they are removed", () => {
    const level = (kind: string, name = "x") => meanings(manifest(kind, name), undefined)[0]?.split(":")[0];
    assert.deepEqual(
      ["PersistentVolumeClaim", "CustomResourceDefinition", "Service", "PodDisruptionBudget", "Deployment"].map((k) =>
        level(k),
      ),
      ["destructive", "destructive", "disruptive", "disruptive", "disruptive"],
    );
    assert.equal(level("StatefulSet", "loki-chunks-cache"), "restarts");
    assert.equal(level("Deployment", "loki-canary"), "restarts");
    assert.deepEqual(meanings(manifest("ConfigMap", "x"), undefined), []);
  });

  it("disconnect the clients of a Service whose port changes", () => {
    const service = (port: number, more: Loose[] = []) =>
      manifest("Service", "s", { spec: { ports: [{ name: "http", port, targetPort: "x" }, ...more] } });
    assert.deepEqual(meanings(service(80), service(81)), [
      "disruptive: its clients get no answer until they use spec.ports[http].port (80 → 81)",
    ]);
    assert.deepEqual(meanings(service(80), service(80, [{ name: "grpc", port: 90 }])), []);
    assert.equal(meanings(service(80, [{ name: "grpc", port: 90 }]), service(80)).length, 1);
  });

  it("name the hook jobs that run, and when", () => {
    const job = (hook: string, tag: string) =>
      manifest("Job", "migrate", {
        metadata: { name: "migrate", annotations: { "helm.sh/hook": hook } },
        spec: { template: image(tag) },
      });
    assert.deepEqual(meanings(undefined, job("pre-upgrade,post-delete", "1")), [
      "safe: a hook that is added and runs at pre-upgrade",
    ]);
    assert.deepEqual(meanings(job("pre-upgrade", "1"), job("pre-upgrade", "2")), [
      "safe: a hook that is changed and runs at pre-upgrade",
    ]);
    assert.deepEqual(meanings(undefined, job("test", "1")), []);
    assert.equal(changeOf(undefined, job("pre-upgrade", "1")).objects[0]?.hook, "pre-upgrade");
  });

  it("name a config that changes without a restart", () => {
    const config = (a: string) => manifest("ConfigMap", "alloy", { data: { a } });
    assert.match(meanings(config("1"), config("2"))[0] ?? "", /^safe: no pod restarts for it/);
    const [change] = releaseChanges(
      releaseOf(config("1"), set({}, image("1"))),
      releaseOf(config("2"), set({}, image("2"))),
    );
    assert.ok(!objectMeanings(change as ReleaseChange).some(({ text }) => /no pod restarts/.test(text)));
  });
});
